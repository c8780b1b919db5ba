namespace Recsys.Api.Tests;

/// <summary>A test that needs a browser; skipped, with the reason, where there is none.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (Chromium is null)
        {
            Skip = "no chromium here: apt-get install chromium, or set RECSYS_CHROMIUM";
        }
    }

    /// <summary>The browser, or null.</summary>
    public static string? Chromium { get; } = Environment.GetEnvironmentVariable("RECSYS_CHROMIUM") is { Length: > 0 } named
        ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
