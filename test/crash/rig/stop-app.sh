# Stops the service; waits before it does while a file `hold-stop` is there.
touch stopping
while [ -e hold-stop ]; do sleep 0.02; done
if [ -e app.pid ]; then kill -TERM "$(cat app.pid)" 2>/dev/null; rm -f app.pid; fi
rm -f stopping
exit 0
