using System.IO.Compression;
using BillApis.Metering;

namespace BillApis.Unit.Tests.Metering;

public sealed class PackingTests
{
    public static TheoryData<UsagePacking, int> Sizes => new MatrixTheoryData<UsagePacking, int>([UsagePacking.Gzip, UsagePacking.Brotli], [0, 1, 17, 1_000, 300_000]);

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task What_was_packed_comes_out_whole_and_nothing_that_was_cut_off_does(UsagePacking packing, int size)
    {
        var text = new byte[size];
        new Random(size).NextBytes(text.AsSpan(0, size / 2));
        var packed = Pack(text, packing);
        (await UnpackAsync(packed, packing)).ShouldBe(text);
        for (var cut = packed.Length - 1; cut > 0; cut -= 1 + packed.Length / 60)
        {
            await Should.ThrowAsync<InvalidDataException>(() => UnpackAsync(packed[..cut], packing), $"{cut} of {packed.Length}");
        }
    }

    [Fact]
    public async Task Several_members_are_one_text()
    {
        byte[] packed = [.. Pack([1, 2, 3], UsagePacking.Gzip), .. Pack([4, 5], UsagePacking.Gzip)];
        (await UnpackAsync(packed, UsagePacking.Gzip)).ShouldBe([1, 2, 3, 4, 5]);
    }

    [Theory]
    [InlineData(UsagePacking.Gzip)]
    [InlineData(UsagePacking.Brotli)]
    public async Task What_goes_on_behind_the_end_is_refused(UsagePacking packing) =>
        await Should.ThrowAsync<InvalidDataException>(() => UnpackAsync([.. Pack([1, 2, 3], packing), 7, 7, 7], packing));

    private static byte[] Pack(byte[] text, UsagePacking packing)
    {
        using var packed = new MemoryStream();
        using (Stream stream = packing is UsagePacking.Gzip ? new GZipStream(packed, CompressionLevel.Optimal) : new BrotliStream(packed, CompressionLevel.Optimal))
        {
            stream.Write(text);
        }

        return packed.ToArray();
    }

    private static async Task<byte[]> UnpackAsync(byte[] packed, UsagePacking packing)
    {
        using var unpacked = new MemoryStream();
        await using var stream = new MemoryStream(packed).Unpack(packing);
        await stream.CopyToAsync(unpacked, 1_000, TestContext.Current.CancellationToken);
        return unpacked.ToArray();
    }
}
