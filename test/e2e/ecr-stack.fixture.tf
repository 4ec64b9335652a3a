terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {}
variable "later" {
  default = false
}
data "aws_caller_identity" "me" {}

resource "aws_ecr_repository" "plain" {
  name = "tf/plain"
}
resource "aws_ecr_repository" "full" {
  name                 = "tf/full"
  image_tag_mutability = var.later ? "MUTABLE" : "IMMUTABLE"
  force_delete         = true
  tags                 = var.later ? { a = "2", c = "3" } : { a = "1", b = "2" }
  image_scanning_configuration {
    scan_on_push = !var.later
  }
  encryption_configuration {
    encryption_type = "AES256"
  }
}
resource "aws_ecr_repository_policy" "full" {
  repository = aws_ecr_repository.full.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.later ? "later" : "first"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::210987654321:root" }
      Action    = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"]
    }]
  })
}
resource "aws_ecr_lifecycle_policy" "full" {
  repository = aws_ecr_repository.full.name
  policy = jsonencode({ rules = [
    {
      rulePriority = 1
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.later ? 7 : 14 }
      action       = { type = "expire" }
    },
    {
      rulePriority = 2
      selection    = { tagStatus = "tagged", tagPatternList = ["prod*"], countType = "imageCountMoreThan", countNumber = 30 }
      action       = { type = "expire" }
    },
  ] })
}
data "aws_ecr_lifecycle_policy_document" "plain" {
  rule {
    priority = 1
    selection {
      tag_status      = "tagged"
      tag_prefix_list = ["v"]
      count_type      = "imageCountMoreThan"
      count_number    = 100
    }
  }
}
resource "aws_ecr_lifecycle_policy" "plain" {
  repository = aws_ecr_repository.plain.name
  policy     = data.aws_ecr_lifecycle_policy_document.plain.json
}

resource "aws_ecr_replication_configuration" "all" {
  replication_configuration {
    rule {
      destination {
        region      = var.later ? "eu-central-1" : "us-west-2"
        registry_id = data.aws_caller_identity.me.account_id
      }
      repository_filter {
        filter      = "prod-"
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}
resource "aws_ecr_registry_policy" "all" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.later ? "later" : "first"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::210987654321:root" }
      Action    = ["ecr:ReplicateImage"]
      Resource  = ["arn:aws:ecr:us-east-1:${data.aws_caller_identity.me.account_id}:repository/*"]
    }]
  })
}
resource "aws_ecr_registry_scanning_configuration" "all" {
  scan_type = "BASIC"
  rule {
    scan_frequency = "SCAN_ON_PUSH"
    repository_filter {
      filter      = var.later ? "b*" : "a*"
      filter_type = "WILDCARD"
    }
  }
}
resource "aws_ecr_account_setting" "scans" {
  name  = "BASIC_SCAN_TYPE_VERSION"
  value = "AWS_NATIVE"
}
resource "aws_ecr_account_setting" "policies" {
  name  = "REGISTRY_POLICY_SCOPE"
  value = "V2"
}
resource "aws_ecr_repository_creation_template" "made" {
  prefix               = "made"
  description          = var.later ? "later" : "first"
  image_tag_mutability = "IMMUTABLE"
  applied_for          = var.later ? ["PULL_THROUGH_CACHE", "REPLICATION"] : ["PULL_THROUGH_CACHE"]
  resource_tags        = { Foo = "Bar" }
  encryption_configuration {
    encryption_type = "AES256"
  }
  repository_policy = aws_ecr_repository_policy.full.policy
  lifecycle_policy  = data.aws_ecr_lifecycle_policy_document.plain.json
}
resource "aws_ecr_repository_creation_template" "root" {
  prefix      = "ROOT"
  applied_for = ["PULL_THROUGH_CACHE"]
}

resource "aws_ecr_pull_through_cache_rule" "hub" {
  ecr_repository_prefix = "docker-hub"
  upstream_registry_url = "registry-1.docker.io"
}
resource "aws_ecr_pull_through_cache_rule" "own" {
  ecr_repository_prefix      = "team/own"
  upstream_registry_url      = "registry.example.com:5000"
  upstream_repository_prefix = "mirror"
}

data "aws_ecr_pull_through_cache_rule" "own" {
  ecr_repository_prefix = aws_ecr_pull_through_cache_rule.own.ecr_repository_prefix
}
data "aws_ecr_repository" "full" {
  name = aws_ecr_repository.full.name
}
data "aws_ecr_authorization_token" "token" {}
output "url" {
  value = data.aws_ecr_repository.full.repository_url
}
