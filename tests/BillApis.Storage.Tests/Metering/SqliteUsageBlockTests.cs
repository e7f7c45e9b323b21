using System.Text;
using BillApis.Sqlite;

namespace BillApis.Storage.Tests.Metering;

public sealed class SqliteUsageBlockTests
{
    private const int Page = 4_096;
    private static readonly string[] Texts = ["", "a", "plain text", "ä ß 漢字 \ud83d\ude00", new('x', 127), new('é', 64), new('y', 128), new('z', 20_000)];

    [Fact]
    public void What_is_added_is_found_at_its_place()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var (block, rows) = (new SqliteUsageBlock(), new List<Row?>());
            for (var count = random.Next(1, 65); rows.Count < count;)
            {
                if (random.Next(10) == 0)
                {
                    block.Skip();
                    rows.Add(null);
                    continue;
                }

                var row = Row.Of(random);
                block.Add(row.Parts);
                rows.Add(row);
            }

            block.Count.ShouldBe(rows.Count);
            for (var place = 0; place < rows.Count; place++)
            {
                var bytes = SqliteUsageBlock.At(block.Bytes, place);
                if (rows[place] is { } row)
                {
                    row.ShouldBe(new SqliteUsageItem(bytes));
                }
                else
                {
                    bytes.IsEmpty.ShouldBeTrue();
                }
            }

            block.Clear();
            (block.Count, block.Bytes.Length).ShouldBe((0, 1));
        }
    }

    [Fact]
    public void A_block_ends_with_its_page_and_at_64_events()
    {
        var random = new Random(7);
        var block = new SqliteUsageBlock();
        var (small, huge) = (Row.Of(random) with { Properties = "{}", Id = "i", Type = "t", CustomerName = "c" }, Row.Of(random) with { Properties = new string('p', 9_000) });
        block.TryAdd(huge.Parts).ShouldBeTrue("what fits into no page is alone in its block");
        block.TryAdd(small.Parts).ShouldBeFalse();
        block.Count.ShouldBe(1);
        huge.ShouldBe(new SqliteUsageItem(SqliteUsageBlock.At(block.Bytes, 0)));

        block.Clear();
        var medium = small with { Properties = new string('p', 150) };
        while (block.TryAdd(medium.Parts))
        {
            block.Bytes.Length.ShouldBeLessThan(Page - 35);
        }

        (block.Bytes.Length + (block.Bytes.Length / block.Count)).ShouldBeGreaterThan(Page - 60, "another one would not have fitted");
        medium.ShouldBe(new SqliteUsageItem(SqliteUsageBlock.At(block.Bytes, block.Count - 1)));

        block.Clear();
        var tiny = small with { Customer = null, Subscription = null, Metrics = [], Hash = "" };
        for (var i = 0; i < 64; i++)
        {
            block.TryAdd(tiny.Parts).ShouldBeTrue();
        }

        block.TryAdd(tiny.Parts).ShouldBeFalse();
    }

    [Fact]
    public void What_a_later_version_wrote_is_refused() =>
        Should.Throw<InvalidOperationException>(() => SqliteUsageBlock.At([2, 0, 0, 0, 0], 0).Length).Message.ShouldContain("later version");

    private sealed record Row(long Source, string Id, string Type, string CustomerName, Guid? Customer, Guid? Subscription, long At, long RecordedAt, string Properties, string Hash, Guid[] Metrics)
    {
        public SqliteUsageParts Parts => new()
        {
            Source = Source, Id = Id, Type = Type, CustomerName = CustomerName, Customer = Customer, Subscription = Subscription,
            At = At, RecordedAt = RecordedAt, Properties = Properties, Hash = Hash, Metrics = Metrics,
        };

        public static Row Of(Random random)
        {
            string Text() => Texts[random.Next(Texts.Length)];
            return new Row(
                random.NextInt64(), Text(), Text(), Text(), random.Next(2) == 0 ? null : EntityId.New<CustomerId>().Value, random.Next(2) == 0 ? null : EntityId.New<CustomerId>().Value, random.NextInt64(), -random.NextInt64(), Text(), "hash",
                [.. Enumerable.Range(0, random.Next(4)).Select(_ => EntityId.New<CustomerId>().Value)]);
        }

        public void ShouldBe(in SqliteUsageItem item)
        {
            (item.Source, item.At, item.RecordedAt).ShouldBe((Source, At, RecordedAt));
            (Encoding.UTF8.GetString(item.Id), Encoding.UTF8.GetString(item.Type), Encoding.UTF8.GetString(item.CustomerName)).ShouldBe((Id, Type, CustomerName));
            (Encoding.UTF8.GetString(item.Properties), Encoding.UTF8.GetString(item.Hash)).ShouldBe((Properties, Hash));
            Convert.ToHexString(item.Customer).ShouldBe(Hex(Customer));
            Convert.ToHexString(item.Subscription).ShouldBe(Hex(Subscription));
            Convert.ToHexString(item.Metrics).ShouldBe(string.Concat(Metrics.Select(metric => Hex(metric))));
        }

        private static string Hex(Guid? id) => id is { } known ? known.ToString("N").ToUpperInvariant() : "";
    }
}
