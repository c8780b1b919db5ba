using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using ArmCrc = System.Runtime.Intrinsics.Arm.Crc32;

namespace Recsys.Engine.Storage;

/// <summary>
/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected; the checksum of iSCSI, ext4 and Btrfs) by the processor's
/// instruction where there is one, else by tables, eight bytes a step.
/// </summary>
internal static class Crc32C
{
    private static readonly uint[] Tables = MakeTables();

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The checksum of what <paramref name="crc"/> is the checksum of, followed by <paramref name="data"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        if (Sse42.X64.IsSupported)
        {
            return AppendX64(crc, data);
        }

        return ArmCrc.Arm64.IsSupported ? AppendArm64(crc, data) : AppendPortable(crc, data);
    }

    /// <summary>The same by tables only.</summary>
    internal static uint AppendPortable(uint crc, ReadOnlySpan<byte> data)
    {
        uint c = ~crc;
        var t = Tables;
        while (data.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ c;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            c = t[(7 * 256) + (int)(low & 255)] ^ t[(6 * 256) + (int)((low >> 8) & 255)]
                ^ t[(5 * 256) + (int)((low >> 16) & 255)] ^ t[(4 * 256) + (int)(low >> 24)]
                ^ t[(3 * 256) + (int)(high & 255)] ^ t[(2 * 256) + (int)((high >> 8) & 255)]
                ^ t[256 + (int)((high >> 16) & 255)] ^ t[(int)(high >> 24)];
            data = data[8..];
        }

        foreach (byte b in data)
        {
            c = t[(int)((c ^ b) & 255)] ^ (c >> 8);
        }

        return ~c;
    }

    private static uint AppendX64(uint crc, ReadOnlySpan<byte> data)
    {
        ulong c = ~crc;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            c = Sse42.X64.Crc32(c, word);
        }

        uint rest = (uint)c;
        foreach (byte b in data[(words.Length * 8)..])
        {
            rest = Sse42.Crc32(rest, b);
        }

        return ~rest;
    }

    private static uint AppendArm64(uint crc, ReadOnlySpan<byte> data)
    {
        uint c = ~crc;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            c = ArmCrc.Arm64.ComputeCrc32C(c, word);
        }

        foreach (byte b in data[(words.Length * 8)..])
        {
            c = ArmCrc.ComputeCrc32C(c, b);
        }

        return ~c;
    }

    private static uint[] MakeTables()
    {
        var t = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int bit = 0; bit < 8; bit++)
            {
                c = (c & 1) != 0 ? (c >> 1) ^ 0x82F63B78 : c >> 1;
            }

            t[i] = c;
        }

        for (int i = 256; i < t.Length; i++)
        {
            t[i] = (t[i - 256] >> 8) ^ t[t[i - 256] & 255];
        }

        return t;
    }
}
