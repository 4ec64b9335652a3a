# Sourced by script/setup: makes AWS's own registry names lead to Berth on this machine, and takes that back.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # root, work and changed are script/setup's

names_folder=${BERTH_AWS_HOSTNAMES:-/etc/berth/aws-hostnames}
# An address of loopback's that nothing else uses, so that a web server on 127.0.0.1:443 is not in the way.
names_address=${BERTH_AWS_ADDRESS:-127.77.0.1}
names_certificate=$names_folder/certificate.pem
names_key=$names_folder/key.pem
# Docker and skopeo trust what lies here for a host, without a restart; nothing else on the machine does.
trust_folder=/etc/docker/certs.d
# A second set of names (another folder) has lines of its own.
names_mark=berth
[ "$names_folder" = /etc/berth/aws-hostnames ] || names_mark="berth $names_folder"
# Renewed by the first script/setup --aws-hostnames within this time before their end.
renewal_days=60
made_folders=()

# Takes $1 (account.region,…; empty: those that are set up already, else Berth's home) as the names that lead to Berth.
setup_aws_hostnames() {
  local names fresh=no
  need_names_root
  case $names_folder in
    /*) ;;
    *) fail "BERTH_AWS_HOSTNAMES must be an absolute path; got $names_folder" ;;
  esac
  [[ $names_address =~ ^127(\.[0-9]{1,3}){3}$ ]] || fail "BERTH_AWS_ADDRESS must be in 127.0.0.0/8; got $names_address"
  command -v openssl >/dev/null || install_debian "the certificate of AWS's registry names" openssl
  names=$(chosen_names "$1")
  lock_hosts
  refuse_foreign_names "$names"
  if ! certificate_is_good "$names"; then
    make_certificate "$names"
    fresh=yes
  fi
  give_key_to_its_user
  trust_certificate "$names"
  write_hosts "$(hosts_block "$names")"
  remember_folders
  [ "$fresh" = no ] ||
    say "bin/berth up serves these names from its next start on (undo: script/setup --no-aws-hostnames):"$'\n'"$names"
}

# Takes away what setup_aws_hostnames added, and nothing else.
remove_aws_hostnames() {
  local name names folder
  if [ ! -e "$names_folder" ] && ! grep -qxF "$(begin_mark)" /etc/hosts; then return; fi
  need_names_root
  lock_hosts
  names=$( (names_of_certificate; names_of_hosts) | sort -u)
  for name in $names; do rm -f "$trust_folder/$name/berth.crt"; done
  write_hosts ''
  [ ! -f "$names_folder/made-folders" ] || mapfile -t made_folders <"$names_folder/made-folders"
  rm -f "$names_key" "$names_certificate" "$names_folder/made-folders"
  # The inner ones first.
  while IFS= read -r folder; do
    [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty "$folder"
  done < <(printf '%s\n' "${made_folders[@]}" | sort -r)
  say "taken away:"$'\n'"$names"
  changed=yes
}

need_names_root() {
  [ "$(id -u)" = 0 ] || fail "AWS's names are set up in /etc: run as root, e.g.  sudo $root/script/setup --aws-hostnames"
}

# One at a time, also from several checkouts.
lock_hosts() {
  exec 8</etc/hosts
  flock 8
}

# --- Which names --------------------------------------------------------------------------------------------------

# The host names, one a line, sorted.
chosen_names() {
  local scope known
  if [ -z "$1" ]; then
    known=$(names_of_certificate)
    if [ -n "$known" ]; then
      echo "$known"
      return
    fi
  fi
  for scope in $(tr ',' ' ' <<<"${1:-$(home_scope)}"); do
    [[ $scope =~ ^([0-9]{12})\.([a-z]{2}(-[a-z]+)+-[0-9]+)$ ]] ||
      fail "--aws-hostnames takes account.region, e.g. 123456789012.us-east-1; got $scope"
    case $scope in
      *.cn-*) echo "${scope%%.*}.dkr.ecr.${scope#*.}.amazonaws.com.cn" ;;
      *) echo "${scope%%.*}.dkr.ecr.${scope#*.}.amazonaws.com" ;;
    esac
  done | sort -u
}

# Where Berth keeps its data: of the user who called sudo, where somebody did.
data_folder() {
  echo "${BERTH_DATA:-$(getent passwd "${SUDO_UID:-$(id -u)}" | cut -d : -f 6)/.berth}"
}

# The home account and region of the data directory, or the standard ones.
home_scope() {
  # shellcheck disable=SC2016 # JavaScript's own
  node -e '
    const fs = require("fs");
    const file = process.argv[1] + "/home.json";
    const kept = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
    const { BERTH_ACCOUNT = "123456789012", BERTH_REGION = "us-east-1" } = process.env;
    console.log(`${kept.account ?? BERTH_ACCOUNT}.${kept.region ?? BERTH_REGION}`);
  ' "$(data_folder)"
}

names_of_certificate() {
  [ -f "$names_certificate" ] || return 0
  openssl x509 -in "$names_certificate" -noout -ext subjectAltName | grep -o 'DNS:[^, ]*' | cut -d : -f 2 | sort
}

names_of_hosts() {
  awk -v begin="$(begin_mark)" -v end="$(end_mark)" '$0 == end { on = 0 } on && !/^#/ { print $2 } $0 == begin { on = 1 }' \
    /etc/hosts
}

# --- The certificate ----------------------------------------------------------------------------------------------

# Whether it has exactly the names $1 and the address, fits the key, and is good for a while.
certificate_is_good() {
  [ -f "$names_certificate" ] && [ -f "$names_key" ] || return 1
  [ "$(names_of_certificate)" = "$1" ] || return 1
  openssl x509 -in "$names_certificate" -noout -checkip "$names_address" | grep -q 'does match' || return 1
  openssl x509 -in "$names_certificate" -noout -checkend $((renewal_days * 86400)) >/dev/null || return 1
  [ "$(openssl x509 -in "$names_certificate" -noout -pubkey)" = "$(openssl pkey -in "$names_key" -pubout)" ]
}

# There is no authority whose key could be stolen: the certificate vouches for itself, for its few names, and, since
# CA:FALSE, for no other one.
make_certificate() {
  local name names=
  say "making a certificate for AWS's registry names ($names_folder)"
  untrust_certificate
  for name in $1; do names+=DNS:$name,; done
  {
    printf '[req]\nprompt = no\ndistinguished_name = subject\nx509_extensions = extensions\n'
    printf '[subject]\nCN = Berth on this machine\n[extensions]\nbasicConstraints = critical, CA:FALSE\n'
    printf 'extendedKeyUsage = serverAuth\nsubjectAltName = %s\n' "${names}IP:$names_address"
  } >"$work/certificate.cnf"
  # 825 days is the longest that clients of every kind take.
  (
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 825 \
      -config "$work/certificate.cnf" -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/openssl.log"
  ) || fail "openssl could not make the certificate:"$'\n'"$(cat "$work/openssl.log")"
  make_folder "$names_folder"
  install -m 600 "$work/key.pem" "$names_key"
  install -m 644 "$work/certificate.pem" "$names_certificate"
  changed=yes
}

# The key belongs to whoever runs Berth: the owner of the data directory, or who called sudo.
give_key_to_its_user() {
  local owner
  owner=$(stat -c %u "$(data_folder)" 2>/dev/null) || owner=${SUDO_UID:-0}
  [ "$(stat -c %u "$names_key")" = "$owner" ] || { chown "$owner" "$names_key" && changed=yes; }
}

trust_certificate() {
  local name
  for name in $1; do
    ! cmp -s "$names_certificate" "$trust_folder/$name/berth.crt" || continue
    say "letting Docker and skopeo trust it ($trust_folder/$name/berth.crt)"
    make_folder "$trust_folder/$name"
    install -m 644 "$names_certificate" "$trust_folder/$name/berth.crt"
    changed=yes
  done
}

# The trust in the certificate that is being replaced.
untrust_certificate() {
  local name
  for name in $(names_of_certificate); do rm -f "$trust_folder/$name/berth.crt"; done
}

# Like mkdir -p; what it makes is remembered, to be taken away again.
make_folder() {
  [ ! -d "$1" ] || return 0
  make_folder "$(dirname "$1")"
  (umask 022 && mkdir "$1")
  made_folders+=("$1")
}

remember_folders() {
  [ ${#made_folders[@]} -eq 0 ] || printf '%s\n' "${made_folders[@]}" >>"$names_folder/made-folders"
}

# --- /etc/hosts ---------------------------------------------------------------------------------------------------

begin_mark() {
  echo "# $names_mark begin"
}

end_mark() {
  echo "# $names_mark end"
}

hosts_block() {
  local name
  begin_mark
  echo '# Made by script/setup --aws-hostnames; script/setup --no-aws-hostnames takes it away.'
  for name in $1; do echo "$names_address $name"; done
  end_mark
}

# The file without our lines. Fails where their end is missing: all that follows would count as ours.
hosts_without_block() {
  awk -v begin="$(begin_mark)" -v end="$(end_mark)" '
    $0 == begin { on = 1; next }
    $0 == end && on { on = 0; next }
    !on
    END { exit on }
  ' /etc/hosts || fail "/etc/hosts has a line '$(begin_mark)' without '$(end_mark)': mend it by hand"
}

# Names that somebody else gave an address must stay theirs.
refuse_foreign_names() {
  local name
  hosts_without_block >"$work/others"
  for name in $1; do
    ! sed 's/#.*//' "$work/others" | grep -qwF -- "$name" ||
      fail "/etc/hosts gives $name another address already: take that line away first"
  done
}

# Replaces our lines by $1. In place: where /etc/hosts is mounted by itself, as in containers, nothing can be renamed
# over it; and so its mode and owner stay. A last line that was not ended is ended.
write_hosts() {
  hosts_without_block >"$work/hosts"
  [ -z "$1" ] || echo "$1" >>"$work/hosts"
  ! cmp -s "$work/hosts" /etc/hosts || return 0
  [ -z "$1" ] || say 'leading the names to Berth (/etc/hosts)'
  cat "$work/hosts" >/etc/hosts
  changed=yes
}
