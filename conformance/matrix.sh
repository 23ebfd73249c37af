#!/bin/sh
# The kill matrix: code that is wrong on purpose, against every way to check it. README.md beside this file explains it.
#   conformance/matrix.sh [MUTANT ...] [--layers LAYER,...]    run what has not been run with these sources yet
#   conformance/matrix.sh --compile DIR MUTANT ...             run nothing; leave the classes of mutants in DIR/MUTANT/classes
#   conformance/matrix.sh --show                               run nothing; write the matrix from what is known
# Results are kept in conformance/target/matrix, so that an interrupted run goes on where it was. Written are
# conformance/target/matrix.json and matrix.html and, when nothing is missing, the page conformance/MATRIX.md.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-} in -h | --help) sed -n '2,7s/^# *//p' "$0"; exit 0 ;; esac

jdk=
for candidate in "${UNWRITE_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*; do
  [ -n "$candidate" ] && [ -r "$candidate/release" ] && [ -x "$candidate/bin/javac" ] || continue
  major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release")
  if [ "${major:-0}" -ge 25 ]; then jdk=$candidate; break; fi
done
[ -n "$jdk" ] || { echo "matrix.sh: no JDK 25 or later found; install one or set UNWRITE_JAVA_HOME" >&2; exit 3; }

stamp=$here/conformance/target/matrix.classpath
if [ ! -f "$stamp" ] || [ -n "$(find "$here/pom.xml" "$here"/spec "$here"/impl "$here"/conformance -path '*/target' -prune -o -type f ! -name '*.md' -newer "$stamp" -print -quit)" ]; then
  command -v mvn >/dev/null || { echo "matrix.sh: Maven not found; install maven 3.8.7 or later" >&2; exit 3; }
  echo "matrix.sh: building ..." >&2
  log=$(mktemp)
  if ! (cd "$here" && mvn -B -DskipTests -pl conformance -am package) >"$log" 2>&1; then
    cat "$log" >&2; rm -f "$log"
    echo "matrix.sh: the build failed, see above" >&2
    exit 3
  fi
  rm -f "$log"
  touch "$stamp" # Maven leaves it alone where the classpath is the same.
fi

classes=$here/conformance/target/test-classes:$here/conformance/target/classes:$here/impl/target/classes:$here/spec/target/classes
exec "$jdk/bin/java" -XX:+UseSerialGC -Dunwrite.home="$here" -cp "$classes:$(cat "$stamp")" \
  dev.unwrite.conformance.matrix.MatrixMain "$@"
