output "user_data" {
  description = "user_data for the new machine: a cloud-config file."
  value       = local.user_data

  precondition {
    condition     = length(local.user_data) < 16384
    error_message = "user_data is larger than the 16 kB that providers accept. Shorten the answers."
  }
}
