using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// Where a training run stands between two half-epochs: all the loop needs to go on from there, the partitions holding the
/// factors.
/// </summary>
/// <param name="Phase">The last finished half-epoch; 0 after the start.</param>
/// <param name="Users">PᵀP as of the last half-epoch of users; null before the first.</param>
/// <param name="Items">QᵀQ as of the last half-epoch of items.</param>
/// <param name="UserPenalty">Σ λ w‖p‖² of the last half-epoch of users.</param>
/// <param name="Losses">The loss after each iteration so far.</param>
/// <param name="Checkpoint">The last position, at most this one, whose factors all partitions have stored; 0, the seeded start, needs none.</param>
/// <param name="SaveNext">Whether the factors of the next half-epoch are stored.</param>
public sealed record AlsPosition(int Phase, GramMatrix? Users, GramMatrix Items, double UserPenalty, IReadOnlyList<double> Losses, int Checkpoint = 0, bool SaveNext = false)
{
    private const uint Magic = 0x32504C41; // ALP2
    private const int HeaderBytes = 36;

    /// <summary>The Gram matrix of the side that the next half-epoch holds fixed.</summary>
    public GramMatrix NextGram => (Phase & 1) == 0 ? Items : Users!;

    /// <summary>A stored form: little-endian, with a checksum.</summary>
    public byte[] ToBytes()
    {
        int k = Items.Size;
        int grams = Users is null ? 1 : 2;
        var bytes = new byte[HeaderBytes + (8 * Losses.Count) + (4 * grams * k * k) + 4];
        var to = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Phase);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], k);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], grams);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], Losses.Count);
        BinaryPrimitives.WriteDoubleLittleEndian(to[20..], UserPenalty);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], Checkpoint);
        BinaryPrimitives.WriteInt32LittleEndian(to[32..], SaveNext ? 1 : 0);
        to = to[HeaderBytes..];
        foreach (double loss in Losses)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(to, loss);
            to = to[8..];
        }

        MemoryMarshal.AsBytes(Items.Values).CopyTo(to);
        if (Users is not null)
        {
            MemoryMarshal.AsBytes(Users.Values).CopyTo(to[(4 * k * k)..]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="RecsysException">It is not one.</exception>
    public static AlsPosition Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes + 4 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Crc32C.Compute(bytes[..^4]))
        {
            throw new RecsysException("ALS: altered or not the position of a training run");
        }

        int k = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        int grams = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        var losses = new double[BinaryPrimitives.ReadInt32LittleEndian(bytes[16..])];
        var from = bytes[HeaderBytes..];
        foreach (ref double loss in losses.AsSpan())
        {
            loss = BinaryPrimitives.ReadDoubleLittleEndian(from);
            from = from[8..];
        }

        var items = new GramMatrix(k, MemoryMarshal.Cast<byte, float>(from[..(4 * k * k)]).ToArray());
        var users = grams < 2 ? null : new GramMatrix(k, MemoryMarshal.Cast<byte, float>(from.Slice(4 * k * k, 4 * k * k)).ToArray());
        return new AlsPosition(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            users,
            items,
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[20..]),
            losses,
            BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]) != 0);
    }
}
