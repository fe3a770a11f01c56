import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof shells)[number];

interface Place {
  /** The words of the command, without the program's own name. */
  words: string[];
  commands: { name: string; help: string }[];
  flags: { name: string; help: string }[];
}

/** A script for a shell, made of the commands themselves, so that it knows each of them. */
export function completionScript(program: Command, shell: ShellName): string {
  const places = placesOf(program, []);
  if (shell === 'fish') return fish(program.name(), places);
  return shell === 'bash' ? bash(program.name(), places) : `${ZSH_TAKES_BASH}\n${bash(program.name(), places)}`;
}

const ZSH_TAKES_BASH = 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit';

/** A command and those below it; `common` are the flags that it takes from the program. */
function placesOf(command: Command, words: string[], common: readonly Option[] = []): Place[] {
  const flags = [...command.options, ...common];
  const choices = command.registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map((name) => ({ name, help: description })),
  );
  const own = {
    words,
    commands: [...command.commands.map((sub) => ({ name: sub.name(), help: sub.description() })), ...choices],
    flags: flags.flatMap(({ long, description }) => (long ? [{ name: long, help: description }] : [])),
  };
  const inherited = words.length === 0 ? command.options : common;
  const below = command.commands.flatMap((sub) =>
    [sub.name(), ...sub.aliases()].flatMap((name) => placesOf(sub, [...words, name], inherited)),
  );
  return [own, ...below];
}

/** The words before the cursor are a command as far as there is a case for them; flags and values are passed over. */
function bash(name: string, places: readonly Place[]): string {
  const cases = places.map(({ words, commands, flags }) => {
    const names = (candidates: readonly { name: string }[]) => candidates.map(({ name: each }) => each).join(' ');
    return `    '${words.join(' ')}') commands='${names(commands)}' flags='${names(flags)}' ;;`;
  });
  return `_ampoule_words() {
  case $1 in
${cases.join('\n')}
    *) return 1 ;;
  esac
}
_ampoule() {
  local place='' word next commands flags current=\${COMP_WORDS[COMP_CWORD]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) continue ;; esac
    next="\${place:+$place }$word"
    _ampoule_words "$next" && place=$next
  done
  _ampoule_words "$place"
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$commands" -- "$current"))
      [ -n "$commands" ] || COMPREPLY=($(compgen -f -- "$current"))
      ;;
  esac
}
complete -o filenames -F _ampoule ${name}`;
}

/** Fish asks for each candidate whether it fits: it does where the words so far are its command and none of its own commands follows. */
function fish(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ words, commands, flags }) => {
    const condition = `-n '_ampoule_at "${words.join(' ')}" "${commands.map((each) => each.name).join(' ')}"'`;
    return [
      ...commands.map((each) => `complete -c ${name} -f ${condition} -a ${each.name} -d ${quoted(each.help)}`),
      ...flags.map((each) => `complete -c ${name} ${condition} -l ${each.name.replace(/^--/, '')} -d ${quoted(each.help)}`),
    ];
  });
  return `function _ampoule_at
  set -l words (string match -v -- '-*' (commandline -opc)[2..])
  set -l wanted (string split -n ' ' -- "$argv[1]")
  set -l length (count $wanted)
  if test $length -gt 0
    test "$words[1..$length]" = "$argv[1]"; or return 1
  end
  set -l next (math $length + 1)
  not contains -- "$words[$next]" (string split -n ' ' -- "$argv[2]")
end
${lines.join('\n')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
}
