using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class SafetensorsImageTests
{
    [Fact]
    public void In_pieces_of_any_size_it_is_the_same_file()
    {
        var cases = (from size in Gen.Choose(1, 300) from rows in Gen.Choose(0, 6) from columns in Gen.Choose(1, 37) select (size, rows, columns)).ToArbitrary();
        Prop.ForAll(cases, given =>
        {
            using var matrix = new DenseMatrix(given.rows, given.columns); // whose rows are padded
            for (int i = 0; i < given.rows * given.columns; i++)
            {
                matrix.Row(i / given.columns)[i % given.columns] = i;
            }

            var image = new SafetensorsImage(new Dictionary<string, Tensor>
            {
                ["matrix"] = Tensor.From(matrix),
                ["none"] = Tensor.Copy<int>([], TensorType.I32),
                ["bytes"] = Tensor.Copy<byte>([1, 2, 3], TensorType.U8),
            });
            byte[] file = Read(image, given.size);
            var arrays = SafetensorsHeader.Parse(Header(file), file.Length, "file");
            Assert.Equal(
                Enumerable.Range(0, given.rows * given.columns).Select(i => (float)i).ToArray(), MemoryMarshal.Cast<byte, float>(Bytes("matrix")).ToArray());
            Assert.Equal([1, 2, 3], Bytes("bytes").ToArray());
            Assert.Equal(0, arrays["none"].Bytes);

            Span<byte> Bytes(string array) => file.AsSpan((int)arrays[array].Offset, (int)arrays[array].Bytes);
        }).QuickCheckThrowOnFailure();
    }

    private static byte[] Read(SafetensorsImage image, int size)
    {
        byte[] file = new byte[image.Bytes];
        byte[] piece = new byte[size];
        int at = 0;
        for (int n; (n = image.Read(piece)) > 0; at += n)
        {
            Assert.True(n == size || at + n == file.Length);
            piece.AsSpan(0, n).CopyTo(file.AsSpan(at));
        }

        Assert.Equal((file.Length, image.Bytes), (at, image.Position));
        return file;
    }

    private static Span<byte> Header(byte[] file) =>
        file.AsSpan(SafetensorsHeader.LengthBytes, (int)SafetensorsHeader.Length(file, file.Length, "file"));
}
