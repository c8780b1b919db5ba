using System.Reflection;

namespace Recsys.Engine.Storage;

/// <summary>What a stored model says of the engine that wrote it.</summary>
internal static class EngineFacts
{
    /// <summary>The engine's version, e.g. "0.1.0".</summary>
    public static string Version { get; } = typeof(EngineFacts).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
