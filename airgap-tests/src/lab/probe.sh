#!/bin/bash
# Tries targets at the same time and prints those that answer in whatever way; a refused connection is an answer.
# Targets: tcp/ADDRESS/PORT, udp/ADDRESS/PORT (asked as a name server), name/NAME. Needs nothing but bash, coreutils and libc.
export LC_ALL=C

# A question for the address of example.com, with the identifier "AA".
query='AA\001\000\000\001\000\000\000\000\000\000\007example\003com\000\000\001\000\001'

probe() {
  local target=$1 kind host port said
  IFS=/ read -r kind host port < <(printf '%s\n' "$target")
  case $kind in
    name) timeout 2 getent ahosts "$host" >/dev/null && echo "$target" ;;
    tcp)
      if said=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>&1) || [[ $said == *refused* ]]; then echo "$target"; fi
      ;;
    udp)
      if said=$(timeout 2 bash -c 'exec 3<>"/dev/udp/$0/$1"; printf "$2" >&3; head -c 1 <&3 | grep -q A' "$host" "$port" "$query" 2>&1) ||
        [[ $said == *refused* ]]; then echo "$target"; fi
      ;;
  esac
}

for target in "$@"; do probe "$target" & done
wait
