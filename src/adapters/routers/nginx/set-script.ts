/**
 * Run by `sh -s FILE` inside the router's place, the new text on stdin after it. The file is changed as a whole; a
 * configuration that nginx refuses is put back. nginx reloads by itself after the signal, so it is waited until its old
 * workers take nothing new: they have gone, or say that they are shutting down. Exit 3: nginx refused; 4: it did not
 * reload in time.
 */
export const SET_SCRIPT = `
file=$1
new=$file.steady-new
old=$file.steady-old
mkdir -p "$(dirname "$file")" || exit 1
cat >"$new" || exit 1
if [ -e "$file" ] && [ "$(cat "$file")" = "$(cat "$new")" ] && [ ! -e "$old" ]; then
  rm -f "$new"
  echo same
  exit 0
fi
# What an attempt that was killed had begun: the last text that nginx took is the old one.
if [ ! -e "$old" ]; then
  if [ -e "$file" ]; then cp "$file" "$old" || exit 1; else : >"$old" || exit 1; fi
fi
mv "$new" "$file" || exit 1
if ! words=$(nginx -t -q 2>&1); then
  if [ -s "$old" ]; then mv "$old" "$file"; else rm -f "$file" "$old"; fi
  echo "$words" >&2
  exit 3
fi
main=
here=$(readlink /proc/self/ns/mnt)
for pid in /proc/[0-9]*; do
  # On a host those in containers are seen too.
  [ "$(readlink "$pid/ns/mnt" 2>/dev/null)" = "$here" ] || continue
  line=$(tr '\\0' ' ' <"$pid/cmdline" 2>/dev/null) || continue
  case $line in "nginx: master process"*) main=\${pid#/proc/}; break ;; esac
done
if [ -z "$main" ]; then
  echo 'no nginx runs here' >&2
  exit 5
fi
workers() {
  for pid in /proc/[0-9]*; do
    line=$(tr '\\0' ' ' <"$pid/cmdline" 2>/dev/null) || continue
    case $line in *'worker process is shutting down'*) continue ;; 'nginx: worker process'*) ;; *) continue ;; esac
    parent=$(sed -n 's/^PPid:[[:space:]]*//p' "$pid/status" 2>/dev/null)
    [ "$parent" = "$main" ] && echo "\${pid#/proc/}"
  done
}
before=$(workers)
kill -HUP "$main" || exit 1
tries=0
while :; do
  still= fresh=
  for pid in $(workers); do
    case " $(echo $before) " in *" $pid "*) still=1 ;; *) fresh=1 ;; esac
  done
  [ -z "$still" ] && [ -n "$fresh" ] && break
  tries=$((tries + 1))
  if [ $tries -gt 200 ]; then
    echo 'nginx did not take its configuration anew within 20 s' >&2
    exit 4
  fi
  sleep 0.1
done
rm -f "$old"
echo changed
`;
