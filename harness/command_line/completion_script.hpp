// What bash and zsh read to complete the arguments of ringside. Neither script knows any word: both
// ask the program that is being typed, by its verb `complete`.
#pragma once

#include <string_view>

namespace ringside::harness {

inline constexpr std::string_view kCompleteVerb = "complete";

/// Words are divided by blanks, and not as bash divides them, at '=' and ':' too; what stands
/// before the last of these is taken off again, for bash replaces only what is behind it.
inline constexpr std::string_view kBashCompletion =
    R"(# Completion of ringside for bash. Here and now: source <(ringside completion bash)
_ringside() {
  local line="${COMP_LINE:0:COMP_POINT}" typed kept found
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  typed="${words[-1]}"
  kept=""
  [[ $COMP_WORDBREAKS == *[=:]* ]] && kept="${typed%"${typed##*[=:]}"}"
  COMPREPLY=()
  while IFS=$'\t' read -r found _; do
    COMPREPLY+=("${found#"$kept"}")
  done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
  [[ ${COMPREPLY[0]-} == *[=/] ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _ringside ringside
)";

inline constexpr std::string_view kZshCompletion = R"(#compdef ringside
# Completion of ringside for zsh. Here and now: source <(ringside completion zsh)
_ringside() {
  local line name tab=$'\t'
  local -a typed names shown goes_on
  typed=("${(@)words[2,CURRENT-1]}" "$PREFIX")
  for line in "${(@f)$("$words[1]" complete -- "${typed[@]}" 2>/dev/null)}"; do
    name="${line%%$tab*}"
    if [[ -z $name ]]; then
      continue
    elif [[ $name == *[=/] ]]; then
      goes_on+=("$name")
    else
      names+=("$name")
      shown+=("${line/$tab/  }")
    fi
  done
  (( $#names )) && compadd -l -d shown -- "${names[@]}"
  (( $#goes_on )) && compadd -S '' -- "${goes_on[@]}"
  return 0
}
if [[ $funcstack[1] == _ringside ]]; then
  _ringside "$@"
else
  compdef _ringside ringside
fi
)";

}  // namespace ringside::harness
