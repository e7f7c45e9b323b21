using System.Text;
using BillApis.Metering;

namespace BillApis.Unit.Tests.Metering;

/// <summary>A file is read in whatever parts it comes, and from wherever an earlier reading stopped.</summary>
public sealed class EventFileTests
{
    private const string Cloud = "\"specversion\":\"1.0\",\"source\":\"s\",\"type\":\"t\"";

    public static TheoryData<UsageFormat, string, string> Files => new()
    {
        { UsageFormat.JsonLines, "\uFEFF{\"id\":\"a\",\"type\":\"t\"}\r\n\n{\"id\":\"b\"}\n{\"type\":\"t\",\"properties\":{\"note\":\"x\\ny\"}}\n{\"id\":\"c\",", "a|type is required|file-3|body is not valid JSON" },
        { UsageFormat.Json, " [ {\"id\":\"a\",\"type\":\"t\"} , 5,{\"type\":\"t\",\"properties\":{\"note\":\"]},{\\\"\"}}\n,[1,[2]],{\"id\":\"c\",\"type\":\"t\"}] ", "a|body must be an object|file-3|body must be an object|c" },
        { UsageFormat.Json, "\uFEFF{ \"events\" : [{\"id\":\"a\",\"type\":\"t\"},{\"id\":\"b\",\"type\":\"t\"}]\n}\n", "a|b" },
        { UsageFormat.Json, "{\"id\":\"a\",\"type\":\"t\"}", "a" },
        { UsageFormat.Json, "[]", "" },
        { UsageFormat.CloudEvents, "[{\"id\":\"a\"," + Cloud + "},{" + Cloud + "}]", "a|id is required" },
        { UsageFormat.CloudEvents, "{\"id\":\"a\"," + Cloud + "}", "a" },
        { UsageFormat.Csv, "\uFEFFtype,id,note\r\nt,a,\"x\r\n,\"\"y\"\r\n\r\nt,,z\nt,b\nt,c,", "a|file-2|row has 2 values, but the header has 3 columns|c" },
        { UsageFormat.Csv, "type,n\nt,1\nt,2", "file-1|file-2" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_is_read_in_any_parts_and_from_any_row(UsageFormat format, string text, string expected)
    {
        foreach (var part in new[] { 1, 2, 3, 7, 1_000 })
        {
            var (all, places) = (new List<string>(), new List<(long Position, long Rows)> { (0, 0) });
            var file = await OpenAsync(format, text, part, 0, 0);
            while (await file.ReadAsync(1, Token) is [var read])
            {
                all.Add(Name(read));
                places.Add((file.Position, file.Rows));
            }

            string.Join('|', all).ShouldBe(expected);
            for (var start = 0; start < places.Count; start++)
            {
                var rest = await OpenAsync(format, text, part, places[start].Position, places[start].Rows);
                (await rest.ReadAsync(1_000, Token)).Select(Name).ShouldBe(all.Skip(start), $"from row {start} in parts of {part}");
            }
        }
    }

    [Theory]
    [InlineData(UsageFormat.Csv, "\uFEFFtype,id,note\r\nt,a,\"x\r\n,\"\"y\"\r\n\r\nt,,z\nt,b\nt,c,", new long[] { 2, 5, 6, 7 })]
    [InlineData(UsageFormat.JsonLines, "\n{\"type\":\"t\"}\r\n\n5\n{}", new long[] { 2, 4, 5 })]
    [InlineData(UsageFormat.Json, "[\n{\"type\":\"t\"}\n]", new long[] { 0 })]
    public async Task A_record_has_its_line_wherever_reading_began(UsageFormat format, string text, long[] lines)
    {
        foreach (var part in new[] { 1, 3, 1_000 })
        {
            var (file, read) = (await OpenAsync(format, text, part, 0, 0), new List<long>());
            for (var row = 0; row < lines.Length; row++)
            {
                (await (await OpenAsync(format, text, part, file.Position, file.Rows)).ReadAsync(1_000, Token)).Select(item => item.Line).ShouldBe(lines[row..], $"from row {row} in parts of {part}");
                read.AddRange((await file.ReadAsync(1, Token)).Select(item => item.Line));
            }

            read.ShouldBe(lines);
        }
    }

    [Theory]
    [InlineData(UsageFormat.Json, "")]
    [InlineData(UsageFormat.Json, "5")]
    [InlineData(UsageFormat.Json, "[{\"id\":\"a\",\"type\":\"t\"}")]
    [InlineData(UsageFormat.Json, "[{\"id\":\"a\",\"type\":\"t\"} {\"id\":\"b\",\"type\":\"t\"}]")]
    [InlineData(UsageFormat.Json, "[{\"id\":\"a\",\"type\":\"t\"}] x")]
    [InlineData(UsageFormat.Json, "{\"events\":[]")]
    [InlineData(UsageFormat.Json, "{\"events\":5}")]
    [InlineData(UsageFormat.Json, "[{\"id\":\"a")]
    [InlineData(UsageFormat.Csv, "")]
    [InlineData(UsageFormat.Csv, "id,n\n")]
    public async Task A_file_that_is_not_what_it_should_be_is_refused(UsageFormat format, string text) =>
        (await Should.ThrowAsync<BillingException>(async () =>
        {
            var file = await OpenAsync(format, text, 3, 0, 0);
            while ((await file.ReadAsync(1, Token)).Count > 0)
            {
            }
        })).Code.ShouldBe(BillingErrorCode.Invalid);

    [Fact]
    public async Task A_line_that_is_too_long_is_named_and_the_next_is_read()
    {
        var text = $"{{\"id\":\"a\",\"type\":\"t\"}}\n{new string('x', 3 * Limits.ImportedEventBytes)}\n{{\"id\":\"b\",\"type\":\"t\"}}\n{new string('y', 2 * Limits.ImportedEventBytes)}";
        var file = await OpenAsync(UsageFormat.JsonLines, text, 100_000, 0, 0);
        (await file.ReadAsync(10, Token)).Select(Name).ShouldBe(["a", "row is longer than 1048576 bytes", "b", "row is longer than 1048576 bytes"]);
        (await file.ReadAsync(10, Token)).ShouldBeEmpty();
        file.Position.ShouldBe(text.Length);
        var open = await OpenAsync(UsageFormat.Csv, $"id,type\na,\"t\n{new string('z', 2 * Limits.ImportedEventBytes)}", 100_000, 0, 0);
        (await Should.ThrowAsync<BillingException>(() => open.ReadAsync(10, Token))).Message.ShouldContain("a quote that is not closed");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Name(ReadEvent read) => read.Event?.Id ?? $"{read.Errors[0].Field} {read.Errors[0].Message}".Split(" (line")[0];

    private static async Task<EventFile> OpenAsync(UsageFormat format, string text, int part, long position, long rows)
    {
        var file = new EventFile(new Parts(Encoding.UTF8.GetBytes(text), part), new UsageFile { Format = format }, "file");
        await file.OpenAsync(position, rows, Token);
        return file;
    }

    private sealed class Parts(byte[] bytes, int part) : ForwardStream
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var length = Math.Min(Math.Min(part, buffer.Length), bytes.Length - _at);
            bytes.AsMemory(_at, length).CopyTo(buffer);
            _at += length;
            return ValueTask.FromResult(length);
        }
    }
}
