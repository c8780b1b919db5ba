namespace Recsys.Api.Hosting;

/// <summary>An answer other than success, with a line for the caller.</summary>
internal sealed class ApiException(int status, string detail) : Exception(detail)
{
    public int Status => status;

    public static ApiException BadRequest(string detail) => new(StatusCodes.Status400BadRequest, detail);

    public static ApiException NotFound(string detail) => new(StatusCodes.Status404NotFound, detail);

    public static ApiException NotImplemented(string detail) => new(StatusCodes.Status501NotImplemented, detail);
}
