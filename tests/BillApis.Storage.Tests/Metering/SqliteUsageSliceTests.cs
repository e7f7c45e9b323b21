using System.Text.Json;
using BillApis.Sqlite;

namespace BillApis.Storage.Tests.Metering;

public sealed class SqliteUsageSliceTests
{
    private const long Hour = 3_600_000_000;

    [Fact]
    public void Events_in_order_are_cut_where_an_hour_ends_where_it_is_full_and_where_numbers_lie_too_far_apart()
    {
        SqliteUsageSlice.Count([(Hour - 1, 5)]).ShouldBe(1);
        SqliteUsageSlice.Count([(0, 5), (Hour - 1, 4), (Hour, 3)]).ShouldBe(2);
        SqliteUsageSlice.Count([(0, 1), (1, 1L + uint.MaxValue), (2, 0)]).ShouldBe(2);
        SqliteUsageSlice.Count([.. Enumerable.Range(0, 1_000).Select(i => ((long)i, 2_000L - i))]).ShouldBe(240);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(240)]
    public void What_was_written_is_read_and_is_what_the_json_says(int count)
    {
        var random = new Random(count);
        var start = (1_767_225_600_000_000L / Hour * Hour) + 1;
        (long At, long Number)[] events = [.. Enumerable.Range(0, count).Select(i => (At: start + random.NextInt64(Hour - 1), Number: (1L << 50) + random.NextInt64(uint.MaxValue))).Order()];
        byte[] bytes = [];
        var slice = SqliteUsageSlice.Write(events, ref bytes).ToArray();
        slice.Length.ShouldBeLessThan(2_000);
        SqliteUsageSlice.CountOf(slice.Length).ShouldBe(count);
        SqliteUsageSlice.Read(slice).ShouldBe(events);
        JsonSerializer.Deserialize<Dictionary<long, long>>(SqliteUsageSlice.Json(slice))!.Select(pair => (pair.Value, pair.Key)).Order().ShouldBe(events);
    }

    [Fact]
    public void Another_form_is_refused() => Should.Throw<InvalidOperationException>(() => SqliteUsageSlice.Read([2, .. new byte[24]]).ToList()).Message.ShouldContain("later version");
}
