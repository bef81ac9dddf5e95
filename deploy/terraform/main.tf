# Renders user_data for a machine that installs OpenAlgo on its first boot. The module needs no
# provider: give its output to the machine of your provider.
terraform {
  required_version = ">= 1.6"
}

locals {
  user_data = templatefile("${path.module}/user-data.yaml.tftpl", {
    version   = var.install_version
    checksum  = var.install_checksum
    answers   = var.answers
    directory = var.directory
    releases  = trimsuffix(var.releases, "/")
  })
}
