namespace Recsys.Engine.Data.Reading;

/// <summary>Where things stand in a file of interactions.</summary>
internal sealed record Layout(InteractionFormat Format)
{
    /// <summary>The separator's byte; for "::" its first.</summary>
    public byte Separator { get; init; }

    /// <summary>Length of the separator, 1 or 2.</summary>
    public int Width { get; init; } = 1;

    /// <summary>Whether the first record names the columns.</summary>
    public bool HasHeader { get; init; }

    /// <summary>Number of columns that every record must have.</summary>
    public int Columns { get; init; }

    /// <summary>Column of the user, from 0.</summary>
    public int User { get; init; }

    /// <summary>Column of the item, from 0.</summary>
    public int Item { get; init; } = 1;

    /// <summary>Column of the weight, from 0; −1 without one.</summary>
    public int Weight { get; init; } = -1;

    /// <summary>Column of the time, from 0; −1 without one.</summary>
    public int Time { get; init; } = -1;

    /// <summary>How the separator is called in messages.</summary>
    public string SeparatorName => Name(Separator, Width);

    public static string Name(byte separator, int width) => (separator, width) switch
    {
        ((byte)'\t', _) => "tab",
        ((byte)',', _) => "comma",
        ((byte)' ', _) => "space",
        (_, 2) => "'::'",
        _ => $"'{(char)separator}'",
    };
}
