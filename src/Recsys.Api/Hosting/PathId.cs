using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Recsys.Api.Hosting;

/// <summary>
/// Ids in addresses. Routing sees the path with some of its escapes undone (<c>%2F</c> stays), so that an id could not
/// be told from another; here the segment is taken as the client sent it and its escapes are undone once.
/// </summary>
internal static class PathId
{
    /// <summary>The text of a segment of the path, counted from 0: "/api/v1/users/7" has 7 at 3.</summary>
    public static string Get(HttpContext context, int segment)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.AsSpan();
        int query = path.IndexOfAny('?', '#');
        path = query >= 0 ? path[..query] : path;
        if (!path.StartsWith("/") && path.IndexOf("://") is >= 0 and int scheme)
        {
            path = path[(scheme + 3)..];
            int slash = path.IndexOf('/');
            path = slash >= 0 ? path[slash..] : "/";
        }

        // Dot segments were resolved before routing: then segments cannot be matched by their number.
        if (path.Count('/') != context.Request.Path.Value.AsSpan().Count('/'))
        {
            throw ApiException.BadRequest("the address must not have dot segments");
        }

        int at = 0;
        foreach (var range in path[1..].Split('/'))
        {
            if (at++ == segment)
            {
                return Unescape(path[1..][range]);
            }
        }

        throw ApiException.NotFound("there is nothing at this address");
    }

    private static string Unescape(ReadOnlySpan<char> text)
    {
        string id;
        if (!text.Contains('%') && !HasNonAscii(text))
        {
            id = text.ToString();
        }
        else
        {
            byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
            int length = 0;
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
                {
                    bytes[length++] = Convert.FromHexString(text.Slice(i + 1, 2))[0];
                    i += 2;
                }
                else if (text[i] == '%' || text[i] > 0x7F)
                {
                    throw ApiException.BadRequest("the address has a character or a '%' that is not escaped");
                }
                else
                {
                    bytes[length++] = (byte)text[i];
                }
            }

            try
            {
                id = Strict.GetString(bytes, 0, length);
            }
            catch (DecoderFallbackException)
            {
                throw ApiException.BadRequest("the id in the address is not valid UTF-8");
            }
        }

        Texts.CheckId(id, "the id in the address");
        return id;
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static bool HasNonAscii(ReadOnlySpan<char> text) => text.ContainsAnyExceptInRange('\0', '\x7F');
}
