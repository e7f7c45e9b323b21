using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Buffering;

/// <summary>Measures the memory of the whole process, and so runs beside no other test.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "Memory";
}

[Collection(MemoryCollection.Name)]
public sealed class PendingEventTests
{
    [Fact]
    public void The_estimate_of_an_event_is_no_less_than_what_it_holds()
    {
        var events = new PendingEvent[20_000];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < events.Length; i++)
        {
            var item = new UsageEvent
            {
                Id = $"0123456789abcdef0123456789abcdef-{i:x}", Type = "call", Customer = $"customer-{i}", Timestamp = Instant.FromUnixTimeSeconds(i), Source = "shop",
                Properties = UsageProperties.Of(("route", $"/route/{i}"), ("status", 200), ("bytes", i), ("text", new string('x', 100))),
            };
            events[i] = PendingEvent.Of(TenantId.Default, item);
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        held.ShouldBeGreaterThan(events.Length * 300L);
        events.Sum(item => item.Bytes).ShouldBeGreaterThan(held);
    }
}
