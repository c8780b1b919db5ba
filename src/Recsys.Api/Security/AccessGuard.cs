using System.Net;
using System.Text;
using Recsys.Api.Hosting;

namespace Recsys.Api.Security;

/// <summary>Decides whether a request may use an endpoint.</summary>
internal sealed class AccessGuard(ApiKeys? keys, bool loopbackOnly)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private static readonly object ClientKey = new();

    /// <summary>As <see cref="Check"/>, for pages: a browser that has no key asks for one as the password of any user.</summary>
    /// <exception cref="ApiException">The request may not pass.</exception>
    public void CheckBrowser(HttpContext context, Access needed)
    {
        var request = context.Request;
        string header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Authorization = Bearer + PasswordOf(header.AsSpan(Basic.Length).Trim());
        }

        try
        {
            Check(context, needed);
        }
        catch (ApiException e) when (e.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"API key as password\", charset=\"UTF-8\"";
            throw;
        }
    }

    /// <summary>Returns when the request may pass.</summary>
    /// <exception cref="ApiException">It may not.</exception>
    public void Check(HttpContext context, Access needed)
    {
        CheckHost(context.Request);
        if (keys is null || needed == Access.None)
        {
            return;
        }

        var key = KeyOf(context.Request);
        if (key.IsEmpty)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new ApiException(StatusCodes.Status401Unauthorized, "an API key is needed: Authorization: Bearer KEY");
        }

        var found = keys.Find(key);
        if (found is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new ApiException(StatusCodes.Status401Unauthorized, "this API key is not known");
        }

        context.Items[ClientKey] = found.Name;
        if (found.Access < needed)
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden,
                $"this API key has access '{Name(found.Access)}', this needs '{Name(needed)}'");
        }
    }

    /// <summary>Whom limits are counted for: the key where there is one, else the address.</summary>
    public string ClientOf(HttpContext context)
    {
        if (keys is not null && KeyOf(context.Request) is { IsEmpty: false } key && keys.Find(key) is { } found)
        {
            return found.Name;
        }

        return context.Connection.RemoteIpAddress?.ToString() ?? "";
    }

    private static string Name(Access access) => access.ToString().ToLowerInvariant();

    private static ReadOnlySpan<char> KeyOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header.AsSpan(Bearer.Length).Trim() : default;
    }

    private static string PasswordOf(ReadOnlySpan<char> credentials)
    {
        Span<byte> bytes = stackalloc byte[256];
        if (credentials.Length > bytes.Length || !Convert.TryFromBase64Chars(credentials, bytes, out int length))
        {
            return "";
        }

        int colon = bytes[..length].IndexOf((byte)':');
        return Encoding.UTF8.GetString(bytes[(colon + 1)..length]);
    }

    /// <summary>
    /// A page elsewhere can have its own host name resolve to the loopback address and so reach a local service from a
    /// browser on this machine: such requests name that host.
    /// </summary>
    private void CheckHost(HttpRequest request)
    {
        if (!loopbackOnly)
        {
            return;
        }

        string host = request.Host.Host;
        if (host.Length == 0
            || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)))
        {
            return;
        }

        throw new ApiException(StatusCodes.Status421MisdirectedRequest, "this service answers on loopback addresses only");
    }
}
