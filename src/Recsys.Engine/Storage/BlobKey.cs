using System.Buffers;

namespace Recsys.Engine.Storage;

/// <summary>The form of the names in an <see cref="IBlobStore"/>, the same for every implementation.</summary>
public static class BlobKey
{
    /// <summary>Most bytes a blob may have.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Most characters a key may have.</summary>
    public const int MaxLength = 400;

    /// <summary>Ending that no segment of a key has: implementations may give it to files.</summary>
    public const string ReservedEnding = ".blob";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>Refuses what is no key, and blobs that are too large.</summary>
    /// <exception cref="RecsysException">It is no key, or there are more than <see cref="MaxBytes"/>.</exception>
    public static void Check(string key, long bytes = 0)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is 0 or > MaxLength || !key.Split('/').All(IsSegment))
        {
            throw new RecsysException(
                $"blob '{Shorten(key)}': a key is segments of letters, digits, '-', '_' and '.' joined by '/', none starting with '.', at most {MaxLength} characters");
        }

        if (bytes > MaxBytes)
        {
            throw new RecsysException($"blob '{key}': {bytes} bytes; a blob has at most {MaxBytes}");
        }
    }

    /// <summary>Whether <paramref name="name"/> may be one segment of a key, e.g. the name of a data set or a model.</summary>
    public static bool IsSegment(string name) =>
        name is { Length: > 0 and <= 200 } && name[0] != '.' && !name.AsSpan().ContainsAnyExcept(Allowed)
        && !name.EndsWith(ReservedEnding, StringComparison.Ordinal);

    /// <summary>Refuses a name that cannot be a segment of a key.</summary>
    /// <param name="name">The name.</param>
    /// <param name="what">What it names, for the error: "data set".</param>
    /// <exception cref="InvalidOptionException">It cannot.</exception>
    public static void CheckName(string name, string what)
    {
        if (name is null || !IsSegment(name))
        {
            throw new InvalidOptionException(
                $"{what} '{Shorten(name ?? "")}': a name has letters, digits, '-', '_' and '.', starts with none of the last, and at most 200 of them");
        }
    }

    /// <summary>Refuses an empty prefix, which would be everything.</summary>
    internal static void CheckPrefix(string prefix)
    {
        if (string.IsNullOrEmpty(prefix))
        {
            throw new RecsysException("blobs are deleted by a prefix that is not empty");
        }
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
