case "$NUCLIO_TRIGGER_KIND:$NUCLIO_EVENT_PATH" in
  cron:*) printf '%s %s %s\n' "$NUCLIO_EVENT_METHOD" "$NUCLIO_EVENT_PATH" "$(cat)" >> ticks ;;
  *:/text) printf 'grüße €' ;;
  *:/empty) ;;
  *:/bytes) printf '\000\001\177\200\376\377' ;;
  *:/error) printf 'some error' >&2; exit 3 ;;
  *:/exception) kill -ABRT $$ ;;
  *:/echo) cat ;;
  *:/ticks) test ! -f ticks || cat ticks ;;
  *:/slow) sleep 300 ;;
  *:/pause) sleep 0.6; printf rested ;;
  *:/unanswered) printf unanswered ;;
  *:/event*)
    printf '%s|' "$NUCLIO_EVENT_METHOD" "$NUCLIO_EVENT_PATH" "$NUCLIO_EVENT_URL" "$NUCLIO_EVENT_CONTENT_TYPE" "$NUCLIO_TRIGGER_KIND" \
      "$NUCLIO_TRIGGER_CLASS" "$(cat)" ;;
  *) printf '%s of 1' "$(cat)" ;;
esac
