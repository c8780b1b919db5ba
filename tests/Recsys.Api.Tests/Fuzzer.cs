using System.Globalization;
using System.Text;
using Recsys.Engine.Compute;

namespace Recsys.Api.Tests;

/// <summary>Makes odd requests from right ones; the same ones for the same seed.</summary>
internal sealed class Fuzzer(SplitMix64 random, (string Method, string Path, string? Body, string Type)[] operations)
{
    private static readonly string[] Ids =
    [
        "1", "book-0001", "nobody", "", " ", ".", "..", "%2e%2e", "%2F", "a%2Fb", "%00", "%ff", "%c3%28", "%ed%a0%80", "%", "%zz", "%25", "%2525",
        "%F0%9F%90%99", "\u202Eabc", "日本語", "é", "e\u0301", "\u0000", "\u007f", "null", "NaN", "-1", "0", "99999999999999999999", "1e999", "'--",
        "<script>", "${jndi:ldap://x}", "{id}", "a;b", "a b", "a+b", "a&b", "a?b", "a#b", "\\", "//", "*", "~", new string('x', 600), new string('é', 300), "%E2%80%AE",
    ];

    private static readonly string[] Values =
    [
        "1", "5", "20", "0", "-1", "1000", "1001", "2147483648", "1e3", "0x10", "+5", " 5", "5 ", "٣", "1,000", "", "true", "false", "TRUE", "1.5", "NaN", "null",
        "ease", "popularity", "Poetry", "book-0001", "%00", "%ff", "%ed%a0%80", "a%26b", "user", "item",
    ];

    private static readonly string[] Parameters =
        ["n", "offset", "category", "exclude", "allow", "keepSeen", "model", "explain", "reasons", "names", "q", "kind", "limit", "opposite", "N", "", "cout", "n%00", "%6E"];

    private static readonly string[] Pieces =
    [
        "null", "true", "-1", "0", "1e999", "-1e999", "1.5", "99999999999999999999", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "{}", "[[[[[[[[[[[[[[[[[[[[[[[[", "{\"a\":",
        "\"\ud83d\udc19\"", "\u00ff", "\"", "\\", ",", ":", "}", "]", "NaN", "Infinity", "//", "/*", "'", "\uFEFF", "\n", "\"user\":\"u\",", "\"n\":1,",
    ];

    private static readonly string[] Types =
        ["application/json", "application/json; charset=utf-8", "application/x-ndjson", "text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x"];

    public Request Next()
    {
        var (method, path, body, type) = Pick(operations);
        var target = new StringBuilder(path.Replace("{id}", Escape(Pick(Ids)), StringComparison.Ordinal));
        if (path.EndsWith("search", StringComparison.Ordinal) || random.NextInt(2) == 0)
        {
            int parameters = random.NextInt(4);
            for (int i = 0; i < parameters; i++)
            {
                target.Append(i == 0 ? '?' : '&').Append(Pick(Parameters)).Append(random.NextInt(10) == 0 ? "" : "=").Append(Pick(Values));
            }
        }

        if (random.NextInt(20) == 0)
        {
            method = Pick(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "FOO"]);
        }

        byte[]? bytes = body is null ? null : Mutate(body);
        return new Request(method, target.ToString(), bytes, random.NextInt(12) == 0 || type.Length == 0 ? Pick(Types) : type);
    }

    /// <summary>Something that begins like a request, at most.</summary>
    public byte[] Bytes()
    {
        string text = random.NextInt(6) switch
        {
            0 => "GET / HTTP/9.9\r\n\r\n",
            1 => "GET " + new string('a', 200_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
            2 => "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
            3 => "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
            4 => "GET /api/v1/users/\u0001\u0002 HTTP/1.1\r\nHost: localhost\r\nX: " + new string('h', 100_000) + "\r\n\r\n",
            _ => "",
        };
        byte[] bytes = text.Length > 0 ? Encoding.UTF8.GetBytes(text) : new byte[1 + random.NextInt(400)];
        for (int i = 0; i < (text.Length > 0 ? random.NextInt(3) : bytes.Length); i++)
        {
            bytes[random.NextInt(bytes.Length)] = (byte)random.NextInt(256);
        }

        return bytes;
    }

    private byte[] Mutate(string body)
    {
        switch (random.NextInt(8))
        {
            case 0:
                return Encoding.UTF8.GetBytes(body);
            case 1:
                return Encoding.UTF8.GetBytes(body[..random.NextInt(body.Length)]);
            case 2:
                byte[] noise = Encoding.UTF8.GetBytes(body);
                for (int i = 0; i <= random.NextInt(4); i++)
                {
                    noise[random.NextInt(noise.Length)] = (byte)random.NextInt(256);
                }

                return noise;
            case 3:
                int at = random.NextInt(body.Length);
                return Encoding.UTF8.GetBytes(body[..at] + Pick(Pieces) + body[at..]);
            case 4:
                // A value replaced by something of another type.
                int colon = body.IndexOf(':', random.NextInt(body.Length));
                return Encoding.UTF8.GetBytes(colon < 0 ? Pick(Pieces) : body[..(colon + 1)] + Pick(Pieces) + "," + body[(colon + 1)..]);
            case 5 when random.NextInt(20) == 0:
                return Encoding.UTF8.GetBytes(body + new string(' ', 70_000 + random.NextInt(300_000)));
            case 6:
                return Encoding.UTF8.GetBytes(body.Replace("1", Pick(Values), StringComparison.Ordinal));
            default:
                return Encoding.UTF8.GetBytes(body + random.NextInt(1000).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Leaves what a client may send unescaped as it is, half of the time.</summary>
    private string Escape(string id) => random.NextInt(2) == 0 || id.AsSpan().ContainsAnyExceptInRange('!', '~') ? Uri.EscapeDataString(id) : id;

    private T Pick<T>(T[] of) => of[random.NextInt(of.Length)];

    internal sealed record Request(string Method, string Target, byte[]? Body, string Type);
}
