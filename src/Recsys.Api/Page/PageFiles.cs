using System.Security.Cryptography;
using Recsys.Api.Hosting;
using Recsys.Api.Metrics;

namespace Recsys.Api.Page;

/// <summary>The page's files, from inside the assembly. They hold no data: they need no key.</summary>
internal static class PageFiles
{
    private const string Prefix = "page/";
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void Map(WebApplication app, ServiceMetrics metrics)
    {
        var assembly = typeof(PageFiles).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames().Where(r => r.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string name = resource[Prefix.Length..];
            if (TypeOf(name) is not { } type)
            {
                continue;
            }

            using var stream = assembly.GetManifestResourceStream(resource)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"";
            string pattern = name == "index.html" ? "/" : "/page/" + name;
            app.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], context => SendAsync(context, bytes, type, tag))
                .WithMetadata(metrics.AddRoute(HttpMethods.Get, pattern));
        }
    }

    private static Task SendAsync(HttpContext context, byte[] bytes, string type, string tag)
    {
        var headers = context.Response.Headers;
        headers.ETag = tag;
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(bytes).AsTask();
    }

    private static string? TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => null,
    };
}
