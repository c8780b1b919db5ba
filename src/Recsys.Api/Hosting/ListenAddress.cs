using System.Net;
using Recsys.Engine;

namespace Recsys.Api.Hosting;

/// <summary>Checks addresses to listen on.</summary>
internal static class ListenAddress
{
    /// <summary>Whether all addresses are loopback ones.</summary>
    /// <exception cref="InvalidOptionException">One of them is no address.</exception>
    public static bool AreLoopback(IReadOnlyList<string> urls)
    {
        if (urls.Count == 0)
        {
            throw new InvalidOptionException("--urls: expected an address, found none");
        }

        bool loopback = true;
        foreach (string url in urls)
        {
            BindingAddress address;
            try
            {
                address = BindingAddress.Parse(url);
            }
            catch (FormatException)
            {
                throw Bad(url);
            }

            if (address.Scheme != "http" || address.PathBase.Length > 0 || address.IsUnixPipe || address.Host.Length == 0)
            {
                throw Bad(url);
            }

            bool local = address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
            loopback &= local;
        }

        return loopback;
    }

    private static InvalidOptionException Bad(string url) => new($"--urls: expected http://HOST:PORT, found '{url}' (for https put a proxy in front)");
}
