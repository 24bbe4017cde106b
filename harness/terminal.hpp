// What may be written to a terminal for people's eyes, and how much of it fits.
#pragma once

#include <string>
#include <string_view>

namespace ringside::harness {

enum class Colour { No, Yes };
/// What --color says.
enum class ColourWish { Auto, Always, Never };

/// Of "auto", "always" and "never"; all else is Auto.
ColourWish parseColourWish(std::string_view word);
/// Goes before every variable, from now on.
void wishForColour(ColourWish wish);

/// As wished; else No where NO_COLOR is set, Yes where FORCE_COLOR or CLICOLOR_FORCE is, and of
/// itself on a terminal that can draw.
Colour colourOfStdout();

/// What a word says of what it judges.
enum class Tone { None, Good, Doubtful, Bad, Unknown };
/// In that tone's colour: green, yellow, red, cyan. An escape has no width.
std::string toned(const std::string& text, Tone tone, Colour colour);

/// Of a cell that begins with a verdict, or with what became of a queue, "!" behind what is worse
/// than expected.
Tone toneOfVerdict(const std::string& cell);

/// Whether there is a terminal that is no dumb one, and CI is not set: what is drawn by escapes
/// would be noise in a log. Of STDOUT_FILENO or STDERR_FILENO.
bool canDraw(int descriptor);

/// Where nobody knows how wide a line may be.
inline constexpr unsigned kUsualColumns = 80;

/// COLUMNS, else what the terminal has; 0 where there is neither.
unsigned columnsOf(int descriptor);

/// Columns for a drawing on stdout: at least 80, and 80 where nobody knows.
unsigned columnsOfStdout();

/// How a table on stdout may look.
struct TableLook {
  unsigned columns = 0;     ///< the widest line; 0: as wide as it comes
  bool sparklines = false;  ///< characters that draw
  Colour colour = Colour::No;
};
/// Sparklines on a terminal that can draw, where the locale says that it knows UTF-8.
TableLook tableLookOfStdout();

}  // namespace ringside::harness
