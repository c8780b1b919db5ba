using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Recsys.Engine.Data.Reading;

/// <summary>Parses weights and times.</summary>
internal static class Numbers
{
    private static readonly double[] PowersOfTen =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

    /// <summary>A finite decimal number, to the nearest float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryWeight(ReadOnlySpan<byte> text, out float weight)
    {
        long mantissa = 0;
        int digits = 0;
        int decimals = 0;
        bool point = false;
        int at = text is [(byte)'-', ..] ? 1 : 0;
        bool negative = at == 1;
        for (; at < text.Length; at++)
        {
            uint digit = (uint)(text[at] - '0');
            if (digit <= 9)
            {
                mantissa = (mantissa * 10) + digit;
                digits++;
                decimals += point ? 1 : 0;
            }
            else if (text[at] == (byte)'.' && !point)
            {
                point = true;
            }
            else
            {
                return TryWeightSlow(text, out weight);
            }
        }

        // Below 2^53 and with an exact power of ten the quotient is the nearest double; its float is the nearest one too
        // unless the double lies in the middle between two floats.
        if (digits is 0 or > 15)
        {
            return TryWeightSlow(text, out weight);
        }

        double value = mantissa / PowersOfTen[decimals];
        if ((BitConverter.DoubleToInt64Bits(value) & 0x1FFFFFFF) == 0x10000000)
        {
            return TryWeightSlow(text, out weight);
        }

        weight = (float)(negative ? -value : value);
        return true;
    }

    /// <summary>An integer as it stands (the file's unit), or an ISO 8601 date and time as Unix seconds (UTC unless it says so).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryTime(ReadOnlySpan<byte> text, out long time)
    {
        if (text.Length is > 0 and <= 18)
        {
            long value = 0;
            foreach (byte b in text)
            {
                uint digit = (uint)(b - '0');
                if (digit > 9)
                {
                    return TryTimeSlow(text, out time);
                }

                value = (value * 10) + digit;
            }

            time = value;
            return true;
        }

        return TryTimeSlow(text, out time);
    }

    private static bool TryWeightSlow(ReadOnlySpan<byte> text, out float weight)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return float.TryParse(text, style, CultureInfo.InvariantCulture, out weight) && float.IsFinite(weight);
    }

    private static bool TryTimeSlow(ReadOnlySpan<byte> text, out long time)
    {
        if (Utf8Parser.TryParse(text, out time, out int used) && used == text.Length)
        {
            return true;
        }

        // Whole numbers that a spreadsheet or data frame wrote as 978300760.0 or 9.78e8.
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (double.TryParse(text, style, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) < 9e15)
        {
            time = (long)Math.Floor(number);
            return true;
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (text.Length is >= 8 and <= 40 && text[0] is >= (byte)'0' and <= (byte)'9' && text.IndexOf((byte)'-') == 4
            && DateTimeOffset.TryParse(Encoding.UTF8.GetString(text), CultureInfo.InvariantCulture, utc, out var moment))
        {
            time = moment.ToUnixTimeSeconds();
            return true;
        }

        time = 0;
        return false;
    }
}
