using System.Buffers;
using System.Text;

namespace Recsys.Api.Hosting;

/// <summary>What texts from callers must be: ids and names of bounded length that are valid Unicode.</summary>
internal static class Texts
{
    /// <summary>Most UTF-16 characters of an id, a name or a category.</summary>
    public const int MostCharacters = 512;

    /// <summary>Refuses a text that is too long or has unpaired surrogates; empty ones pass.</summary>
    public static void Check(ReadOnlySpan<char> text, ReadOnlySpan<char> what)
    {
        if (text.Length > MostCharacters)
        {
            throw ApiException.BadRequest($"{what}: longer than {MostCharacters} characters");
        }

        for (int at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text[at..], out _, out int length) != OperationStatus.Done)
            {
                throw ApiException.BadRequest($"{what}: not valid Unicode");
            }

            at += length;
        }
    }

    /// <summary>Refuses also an empty text.</summary>
    public static void CheckId(string? id, string what)
    {
        if (string.IsNullOrEmpty(id))
        {
            throw ApiException.BadRequest($"{what}: an id is expected, found nothing");
        }

        Check(id, what);
    }
}
