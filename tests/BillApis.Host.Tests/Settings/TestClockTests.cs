namespace BillApis.Host.Tests;

public sealed class TestClockTests(HostFixture host)
{
    [Fact]
    public async Task The_clock_stands_still_until_it_is_moved_and_never_goes_back()
    {
        var before = (await host.Api.GetAsync("/admin/test-clock")).Ok().GetProperty("now").GetDateTimeOffset();
        (await host.Api.GetAsync("/admin/test-clock")).Ok().GetProperty("now").GetDateTimeOffset().ShouldBe(before);
        (await host.Api.PostAsync("/admin/test-clock", new { now = before.AddSeconds(1) })).Ok().GetProperty("now").GetDateTimeOffset().ShouldBe(before.AddSeconds(1));
        (await host.Api.PostAsync("/admin/test-clock", new { now = before })).ShouldFail(400, "VAL_001", "now");
        (await host.Api.PostAsync("/admin/test-clock", new { })).ShouldFail(400, "VAL_001", "now");
        (await host.Api.PostAsync("/admin/test-clock", new { now = "9999-01-01T00:00:00Z" })).ShouldFail(400, "VAL_001", "now");
        (await host.Api.PostAsync("/admin/test-clock", new { now = "soon" })).ShouldFail(400, "VAL_001", "now");
    }
}
