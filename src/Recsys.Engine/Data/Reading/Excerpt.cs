using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Recsys.Engine.Data.Reading;

/// <summary>Shows a piece of a file in a message of one line.</summary>
internal static class Excerpt
{
    private const int MaxLength = 60;

    /// <summary>The text, shortened; what cannot be printed is escaped, e.g. a tab as \t and a wrong byte as \xE9.</summary>
    public static string Of(ReadOnlySpan<byte> text)
    {
        var shown = new StringBuilder();
        while (!text.IsEmpty)
        {
            if (shown.Length >= MaxLength)
            {
                return shown.Append('…').ToString();
            }

            if (Rune.DecodeFromUtf8(text, out var rune, out int length) == System.Buffers.OperationStatus.Done)
            {
                Append(shown, rune);
            }
            else
            {
                length = 1;
                shown.Append(CultureInfo.InvariantCulture, $"\\x{text[0]:X2}");
            }

            text = text[length..];
        }

        return shown.ToString();
    }

    private static void Append(StringBuilder shown, Rune rune)
    {
        switch (rune.Value)
        {
            case '\t':
                shown.Append("\\t");
                break;
            case '\n':
                shown.Append("\\n");
                break;
            case '\r':
                shown.Append("\\r");
                break;
            default:
                if (Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format)
                {
                    shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
                }
                else
                {
                    shown.Append(rune.ToString());
                }

                break;
        }
    }
}
