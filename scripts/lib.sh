# shellcheck shell=bash
# What the scripts share: finding a JDK, running Maven, offering system packages. Sourced, with ROOT set.

NEEDED_JDK=25

say() {
  printf 'tatara: %s\n' "$*" >&2
}

# jdk_major HOME: prints the feature version of the JDK there, nothing where there is none, or one that does not run.
jdk_major() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/java" ] || return 0
  # One of another machine fails, which under pipefail would end the script without a word.
  { "$1/bin/java" -version 2>&1 || true; } | sed -n 's/.* version "\([0-9][0-9]*\).*/\1/p' | head -n 1
}

# Sets JAVA_HOME to a JDK that is new enough, or says what to install and fails.
find_jdk() {
  local home major seen=() on_path=''
  if command -v java >/dev/null 2>&1; then
    on_path=$(readlink -f "$(command -v java)" 2>/dev/null || command -v java)
    on_path=$(dirname "$(dirname "$on_path")")
  fi
  for home in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /opt/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    [ -n "$home" ] || continue
    major=$(jdk_major "$home")
    [ -n "$major" ] || continue
    if [ "$major" -ge "$NEEDED_JDK" ]; then
      export JAVA_HOME=$home
      return 0
    fi
    seen+=("$home ($major)")
  done
  say "a JDK $NEEDED_JDK or newer is needed and was not found${seen[*]:+; too old: ${seen[*]}}."
  say "looked in JAVA_HOME, PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks and /opt."
  say "install one and try again:"
  say "  apt-get install openjdk-25-jdk-headless    (where the distribution has it)"
  say "  sdk install java 25-tem                    (sdkman.io)"
  say "  https://adoptium.net/temurin/releases      (unpack into /opt, or set JAVA_HOME)"
  return 1
}

# Signal chaining: some OpenCL drivers take the signals that the JVM needs for its safepoints.
chain_signals() {
  local library=$JAVA_HOME/lib/libjsig.so
  case $library in
    *' '* | *:*) return 0 ;; # LD_PRELOAD has no way to write such a path
  esac
  if [ -f "$library" ]; then
    export LD_PRELOAD="$library${LD_PRELOAD:+:$LD_PRELOAD}"
  fi
}

# maven ARGS…: the wrapper, or the system's Maven where the wrapper cannot fetch itself.
maven() {
  if [ -z "${MAVEN:-}" ]; then
    local version
    if (cd "$ROOT" && ./mvnw --version) >/dev/null 2>&1; then
      MAVEN=./mvnw
    else
      version=$({ mvn --version 2>/dev/null || true; } | sed -n 's/.*Apache Maven \([0-9]*\.[0-9]*\).*/\1/p')
      case $version in
        3.[89] | 3.[1-9][0-9] | [4-9].*)
          say "the Maven wrapper cannot download Maven; the system's Maven $version is used."
          MAVEN=mvn
          ;;
        *)
          say "the Maven wrapper cannot download Maven, and there is no Maven 3.8 or newer: check the network, or install maven."
          return 1
          ;;
      esac
    fi
  fi
  (cd "$ROOT" && "$MAVEN" "$@")
}

# Whether something is newer than the last build.
stale() {
  local stamp=$1
  [ -f "$stamp" ] || return 0
  [ -n "$(find "$ROOT/pom.xml" "$ROOT"/*/pom.xml "$ROOT"/*/src/main -newer "$stamp" -print -quit)" ]
}

# Makes bench/target/lib, all jars that the command line needs, where it is not up to date.
build() {
  local stamp=$ROOT/bench/target/lib/.built
  stale "$stamp" || return 0
  say "building (once, and after changes) …"
  rm -rf "$ROOT/bench/target/lib"
  if ! maven -q -B -DskipTests package; then
    say "the build failed; its messages stand above."
    return 1
  fi
  touch "$stamp"
}

# tornado_sdk: sets TORNADO_MAVEN, Maven's flags for the module tornado, from the SDK in TORNADOVM_HOME; says in one line
# what is missing and fails where there is none. The SDK's own jar is laid out as a repository behind the local one.
tornado_sdk() {
  local jar version repo
  if [ -z "${TORNADOVM_HOME:-}" ]; then
    say "TornadoVM: the module tornado is skipped: TORNADOVM_HOME is not set (docs/tornado.md)."
    return 1
  fi
  jar=$(compgen -G "$TORNADOVM_HOME/share/java/tornado/tornado-api-*.jar" | head -n 1 || true)
  if [ ! -f "$TORNADOVM_HOME/tornado-argfile" ] || [ -z "$jar" ]; then
    say "TornadoVM: the module tornado is skipped: no tornado-argfile or no tornado-api jar in $TORNADOVM_HOME."
    return 1
  fi
  version=${jar##*/tornado-api-}
  version=${version%.jar}
  repo=$ROOT/tornado/target/sdk/io/github/beehive-lab/tornado-api/$version
  mkdir -p "$repo"
  cp "$jar" "$repo/"
  cat >"$repo/tornado-api-$version.pom" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.github.beehive-lab</groupId>
  <artifactId>tornado-api</artifactId>
  <version>$version</version>
</project>
EOF
  TORNADO_MAVEN=(-Ptornado "-Dmaven.repo.local.tail=$ROOT/tornado/target/sdk" "-Dtornado.version=$version"
    "-Dtornado.sdk=$TORNADOVM_HOME")
}

# Makes tornado/target/tatara-tornado-….jar where it is not up to date.
build_tornado() {
  local stamp=$ROOT/tornado/target/.built
  stale "$stamp" || return 0
  say "building the module tornado …"
  if ! maven -q -B -DskipTests "${TORNADO_MAVEN[@]}" -pl tornado -am package; then
    say "the build failed; its messages stand above."
    return 1
  fi
  touch "$stamp"
}

# packages WHY NAME…: installs Debian packages that are missing, where that is allowed; else says so. Never fails.
packages() {
  local why=$1 p missing=() become=()
  shift
  command -v dpkg-query >/dev/null 2>&1 || return 0
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    become=(sudo -n)
  fi
  if [ -n "${TATARA_NO_INSTALL:-}" ] || { [ ${#become[@]} -gt 0 ] && ! sudo -n true 2>/dev/null; }; then
    say "$why: not installed: ${missing[*]}; going on without. To have it: sudo apt-get install ${missing[*]}"
    return 0
  fi
  say "$why: installing ${missing[*]} …"
  if "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    return 0
  fi
  "${become[@]}" apt-get update -qq >/dev/null 2>&1 || true
  if ! "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    say "apt-get could not install ${missing[*]}; going on without."
  fi
  return 0
}
