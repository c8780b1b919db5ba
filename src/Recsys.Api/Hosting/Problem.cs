using Microsoft.AspNetCore.WebUtilities;
using Recsys.Api.Contract;

namespace Recsys.Api.Hosting;

/// <summary>Errors as <c>application/problem+json</c> (RFC 9457).</summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";

    /// <summary>Answers with an error, unless the answer has begun already.</summary>
    public static Task WriteAsync(HttpContext context, int status, string detail)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        string? authenticate = response.Headers.WWWAuthenticate;
        string? allow = response.Headers.Allow;
        string? retry = response.Headers.RetryAfter;
        response.Clear();
        SecurityHeaders.Apply(response);
        response.Headers.WWWAuthenticate = authenticate;
        response.Headers.Allow = allow;
        response.Headers.RetryAfter = retry;
        response.StatusCode = status;
        response.ContentType = ContentType;
        byte[] body = JsonAnswer.ToUtf8(
            new ProblemReply("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail), ApiJson.Default.ProblemReply);
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body).AsTask();
    }
}
