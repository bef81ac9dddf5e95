variables {
  install_version  = "1.2.3"
  install_checksum = "0000000000000000000000000000000000000000000000000000000000000000"
  answers          = <<-END
    version: 1
    broker: {name: zerodha, api_key: {file: /root/api_key}, api_secret: {file: /root/api_secret}}
  END
}

run "renders_a_cloud_config" {
  command = plan

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n")
    error_message = "The first line must say what the file is."
  }
  assert {
    condition     = yamldecode(yamldecode(output.user_data).write_files[0].content) == yamldecode(var.answers)
    error_message = "The answers are not what was given."
  }
  assert {
    condition     = strcontains(yamldecode(output.user_data).write_files[1].content, "\nversion=1.2.3\n")
    error_message = "The version is missing."
  }
}

run "refuses_a_secret" {
  command = plan
  variables {
    answers = "{version: 1, broker: {name: zerodha, api_key: abc, api_secret: {file: /root/api_secret}}}"
  }
  expect_failures = [var.answers]
}

run "refuses_a_secret_of_an_instance" {
  command = plan
  variables {
    answers = "{version: 1, instances: [{name: a, broker: {name: zerodha, api_secret: abc}}]}"
  }
  expect_failures = [var.answers]
}

run "refuses_a_secret_of_a_message" {
  command = plan
  variables {
    answers = "{version: 1, notify: [{kind: ntfy, secret: abc}]}"
  }
  expect_failures = [var.answers]
}

run "refuses_what_is_no_answers_file" {
  command = plan
  variables {
    answers = "hello"
  }
  expect_failures = [var.answers]
}

run "refuses_a_wrong_checksum" {
  command = plan
  variables {
    install_checksum = "abc"
  }
  expect_failures = [var.install_checksum]
}

run "refuses_too_much" {
  command = plan
  variables {
    answers = "version: 1\nenv: {A: '${join("", [for i in range(1000) : "01234567890123456789"])}'}\n"
  }
  expect_failures = [output.user_data]
}
