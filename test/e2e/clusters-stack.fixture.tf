terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {}

resource "aws_ecs_account_setting_default" "insights" {
  name  = "containerInsights"
  value = "enabled"
}

resource "aws_ecs_cluster" "plain" {
  name = "plain"
}
resource "aws_ecs_cluster" "full" {
  name = "full"
  tags = { a = "1", b = "2" }
  setting {
    name  = "containerInsights"
    value = "enhanced"
  }
  configuration {
    execute_command_configuration {
      logging = "OVERRIDE"
      log_configuration {
        cloud_watch_log_group_name = "/exec"
      }
    }
  }
}
resource "aws_ecs_cluster_capacity_providers" "full" {
  cluster_name       = aws_ecs_cluster.full.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
  default_capacity_provider_strategy {
    base              = 1
    weight            = 1
    capacity_provider = "FARGATE"
  }
  default_capacity_provider_strategy {
    weight            = 4
    capacity_provider = "FARGATE_SPOT"
  }
}
data "aws_ecs_cluster" "full" {
  cluster_name = aws_ecs_cluster_capacity_providers.full.cluster_name
}
output "arn" {
  value = data.aws_ecs_cluster.full.arn
}
