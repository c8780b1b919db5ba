using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Recsys.Engine.Storage;

/// <summary>
/// One file of the log, named by its first position. Little-endian:
/// <code>
/// header  32 bytes: "RECSYSEV", version u32, CRC-32C of the other 28 bytes u32, salt u64, first position i64
/// group   32 bytes: "GRP1" u32, CRC-32C u32 of what follows, own offset in the file i64, first position i64,
///                   bytes of its records u32, their count u32 (bit 31: the segment ends here)
///         its records (see EventCodec), and the next group
/// </code>
/// The CRCs of groups and records start from the log's salt, so that no text in an event can pass for either. A group
/// is what one flush makes durable, and it is written only after the one before it is: so a valid group header
/// proves everything before it durable, and damage there is not a crash's.
/// </summary>
internal sealed record EventSegment(string Path, long First)
{
    public const int HeaderBytes = 32;
    public const int GroupBytes = 32;
    public const string Extension = ".events";

    private const uint Version = 1;
    private const uint GroupMagic = 0x31505247; // "GRP1"
    private const uint EndBit = 1u << 31;

    private static ReadOnlySpan<byte> Magic => "RECSYSEV"u8;

    /// <summary>A group's header: offset of the group, position and count of its records, their bytes, whether it ends the segment.</summary>
    public readonly record struct Group(long Offset, long First, int Bytes, int Count, bool EndsSegment)
    {
        public long End => Offset + GroupBytes + Bytes;
    }

    public static EventSegment In(string directory, long first) => new(
        System.IO.Path.Combine(directory, first.ToString("D20", CultureInfo.InvariantCulture) + Extension), first);

    /// <summary>The segments of a directory by position.</summary>
    public static List<EventSegment> List(string directory)
    {
        var segments = new List<EventSegment>();
        foreach (string path in Directory.GetFiles(directory, "*" + Extension))
        {
            string name = System.IO.Path.GetFileNameWithoutExtension(path);
            if (name.Length != 20 || !long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long first))
            {
                throw new EventLogDamagedException(path, 0, "not the name of a segment");
            }

            segments.Add(new EventSegment(path, first));
        }

        segments.Sort((a, b) => a.First.CompareTo(b.First));
        return segments;
    }

    /// <summary>Creates the file under another name first: a segment exists with its whole header or not at all.</summary>
    public void Create(ulong salt, Action<SafeFileHandle> flush)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], salt);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], First);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], HeaderChecksum(header));
        string unfinished = Path + ".new";
        using (var file = File.OpenHandle(unfinished, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, header, 0);
            flush(file);
        }

        File.Move(unfinished, Path);
        DurableFiles.FlushDirectory(System.IO.Path.GetDirectoryName(Path)!);
    }

    /// <summary>Opens the file for reading and checks its header.</summary>
    public SafeFileHandle Open(out ulong salt)
    {
        var file = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            if (RandomAccess.Read(file, header, 0) != HeaderBytes || !header.StartsWith(Magic)
                || BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != HeaderChecksum(header))
            {
                throw new EventLogDamagedException(Path, 0, "the segment's header is not whole");
            }

            uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
            long first = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
            if (version != Version || first != First)
            {
                throw new EventLogDamagedException(Path, 8, version > Version
                    ? $"has format version {version}; this engine reads up to {Version}: use a newer one"
                    : $"the header says version {version}, first position {first}");
            }

            salt = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The CRC that those of groups and records go on from.</summary>
    public static uint Seed(ulong salt) => Crc32C.Compute(BitConverter.GetBytes(salt));

    public static void WriteGroup(Span<byte> to, uint seed, in Group group)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, GroupMagic);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], group.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], group.First);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], group.Bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(to[28..], (uint)group.Count | (group.EndsSegment ? EndBit : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Crc32C.Append(seed, to[8..GroupBytes]));
    }

    /// <summary>Reads the header of a group; false where none stands there. It says itself at which offset it was written.</summary>
    public static bool TryReadGroup(ReadOnlySpan<byte> from, uint seed, out Group group)
    {
        group = default;
        if (from.Length < GroupBytes || BinaryPrimitives.ReadUInt32LittleEndian(from) != GroupMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(from[4..]) != Crc32C.Append(seed, from[8..GroupBytes]))
        {
            return false;
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(from[28..]);
        group = new Group(
            BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[24..]),
            (int)(count & ~EndBit),
            (count & EndBit) != 0);
        return group.Bytes >= 0;
    }

    /// <summary>Where in <paramref name="bytes"/> a group might start, or −1.</summary>
    public static int FindGroup(ReadOnlySpan<byte> bytes) => bytes.IndexOf("GRP1"u8);

    private static uint HeaderChecksum(ReadOnlySpan<byte> header) =>
        Crc32C.Append(Crc32C.Compute(header[..12]), header[16..HeaderBytes]);
}
