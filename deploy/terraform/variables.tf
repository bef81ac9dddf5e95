variable "install_version" {
  description = "The release of openalgo-install, for example 1.2.3."
  type        = string

  validation {
    condition     = can(regex("^[0-9][0-9A-Za-z.-]*$", var.install_version))
    error_message = "Write the number of a release, for example 1.2.3."
  }
}

variable "install_checksum" {
  description = "The SHA-256 of that release's install.sh, from its checksums.txt."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.install_checksum))
    error_message = "Write 64 hexadecimal digits, as checksums.txt has them."
  }
}

variable "answers" {
  description = "The answers file as YAML, for example file(\"answers.yaml\")."
  type        = string

  validation {
    condition     = can(yamldecode(var.answers).version)
    error_message = "This is not an answers file. Write one with: openalgo-install answers init"
  }
  # user_data is stored in the state and by the provider, and the machine can read it.
  validation {
    condition = alltrue(flatten([
      for part in concat([try(yamldecode(var.answers).broker, {})], [for i in try(yamldecode(var.answers).instances, []) : try(i.broker, {})]) : [
        for key in ["api_key", "api_secret", "market_api_key", "market_api_secret"] : !can(tostring(part[key])) || try(part[key], null) == null
      ]
    ]))
    error_message = "The answers hold a secret of the broker. Write {file: PATH}, or credentials: later."
  }
  validation {
    condition     = alltrue([for n in try(yamldecode(var.answers).notify, []) : !can(tostring(n.secret)) || try(n.secret, null) == null])
    error_message = "The answers hold a secret of notify. Write {file: PATH}."
  }
}

variable "directory" {
  description = "The directory of the instance."
  type        = string
  default     = "/opt/openalgo"

  validation {
    condition     = can(regex("^/[0-9A-Za-z/._-]+$", var.directory))
    error_message = "Write an absolute path."
  }
}

variable "releases" {
  description = "Where releases are: the project's page, or your mirror of it."
  type        = string
  default     = "https://github.com/marketcalls/openalgo-install/releases"

  validation {
    condition     = can(regex("^https?://[0-9A-Za-z:/._-]+$", var.releases))
    error_message = "Write an address."
  }
}
