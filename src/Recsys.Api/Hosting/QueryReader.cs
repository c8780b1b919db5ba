using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Recsys.Api.Hosting;

/// <summary>
/// Reads query parameters one by one. What is not known, stands twice or is out of range is refused by name.
/// </summary>
internal ref struct QueryReader(HttpRequest request)
{
    private const int MostParameters = 2048;

    private QueryStringEnumerable.Enumerator _pairs = new QueryStringEnumerable(request.QueryString.Value).GetEnumerator();
    private ReadOnlyMemory<char> _name;
    private ReadOnlyMemory<char> _value;
    private ulong _given;
    private int _read;

    public readonly ReadOnlySpan<char> Name => _name.Span;

    public bool Next()
    {
        if (!_pairs.MoveNext())
        {
            return false;
        }

        if (++_read > MostParameters)
        {
            throw ApiException.BadRequest($"more than {MostParameters} parameters");
        }

        _name = _pairs.Current.DecodeName();
        _value = _pairs.Current.DecodeValue();
        return true;
    }

    /// <summary>Notes that a parameter that may stand once was given.</summary>
    /// <param name="place">A number below 64 that stands for the parameter.</param>
    public void Once(int place)
    {
        ulong bit = 1UL << place;
        if ((_given & bit) != 0)
        {
            throw ApiException.BadRequest($"parameter '{Shorten(Name)}' is given twice");
        }

        _given |= bit;
    }

    public readonly string Text()
    {
        string text = _value.ToString();
        Texts.Check(text, Name);
        return text;
    }

    public readonly int Int(int minimum, int maximum) =>
        int.TryParse(_value.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum
            ? value
            : throw ApiException.BadRequest($"parameter '{Name}': expected a whole number from {minimum} to {maximum}, found '{Shorten(_value.Span)}'");

    public readonly bool Flag() => _value.Span switch
    {
        "" or "true" or "1" => true,
        "false" or "0" => false,
        _ => throw ApiException.BadRequest($"parameter '{Name}': expected true or false, found '{Shorten(_value.Span)}'"),
    };

    public readonly ApiException Unknown(IReadOnlyList<RouteParameter> known) => ApiException.BadRequest(
        known.Count == 0
            ? $"unknown parameter '{Shorten(Name)}'; this takes none"
            : $"unknown parameter '{Shorten(Name)}'; there are {string.Join(", ", known.Select(k => k.Name))}");

    /// <summary>Refuses any parameter: for endpoints that take none.</summary>
    public static void None(HttpRequest request)
    {
        if (!request.QueryString.HasValue)
        {
            return;
        }

        var query = new QueryReader(request);
        if (query.Next())
        {
            throw query.Unknown([]);
        }
    }

    private static string Shorten(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : string.Concat(text[..40], "…");
}
