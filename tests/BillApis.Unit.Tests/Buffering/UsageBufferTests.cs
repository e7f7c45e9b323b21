using System.Diagnostics;
using System.Diagnostics.Metrics;
using BillApis.Metering;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis.Unit.Tests.Buffering;

public sealed class UsageBufferTests
{
    private static readonly TenantId Other = EntityId.New<TenantId>();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly FakeUsageStore _store = new();

    [Fact]
    public async Task What_is_added_is_stored_in_batches_under_its_tenant()
    {
        var buffer = Open(options => options.BatchSize = 100);
        foreach (var i in Enumerable.Range(0, 1_050))
        {
            (await buffer.AddAsync(i % 3 == 0 ? Other : TenantId.Default, Event(i), TestContext.Current.CancellationToken)).ShouldBeTrue();
        }

        await buffer.DisposeAsync();

        _store.Stored.ShouldBe(Enumerable.Range(0, 1_050).Select(i => (i % 3 == 0 ? Other : TenantId.Default, $"e-{i}")), ignoreOrder: true);
        _store.BatchSizes.ShouldAllBe(size => size <= 100);
        buffer.Counts.ShouldBe(new UsageBufferCounts(1_050, 1_050, 0, 0, 0, 0));
    }

    [Fact]
    public async Task A_database_that_fails_before_or_after_it_stored_makes_nothing_lost_and_nothing_double()
    {
        _store.Before = (call, _) => call % 3 == 1 ? throw new InvalidOperationException("down") : Task.CompletedTask;
        _store.After = call =>
        {
            if (call % 3 == 2)
            {
                throw new TimeoutException("no answer");
            }
        };
        var buffer = Open(options => options.BatchSize = 50);
        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), TestContext.Current.CancellationToken, async (i, token) => (await buffer.AddAsync(TenantId.Default, Event(i), token)).ShouldBeTrue());
        await buffer.DisposeAsync();

        _store.Stored.Select(item => item.Id).ShouldBe(Enumerable.Range(0, 2_000).Select(i => $"e-{i}"), ignoreOrder: true);
        var counts = buffer.Counts;
        counts.Retries.ShouldBeGreaterThanOrEqualTo(2 * 2_000 / 50);
        counts.ShouldBe(new UsageBufferCounts(2_000, 2_000, 0, 0, 0, counts.Retries));
    }

    [Fact]
    public async Task A_full_buffer_holds_its_senders_up_and_drops_nothing()
    {
        var down = new TaskCompletionSource();
        _store.Before = (_, _) => down.Task;
        var room = PendingEvent.Of(TenantId.Default, Event(0)).Bytes * 10;
        var buffer = Open(options => options.CapacityBytes = room);
        var adding = Enumerable.Range(0, 100).Select(i => buffer.AddAsync(TenantId.Default, Event(0) with { Id = $"e{i:d2}" }, TestContext.Current.CancellationToken).AsTask()).ToList();

        adding.Count(task => task.IsCompleted).ShouldBe(10);
        buffer.Counts.Pending.ShouldBe(10);
        using var impatient = new CancellationTokenSource();
        var givenUp = buffer.AddAsync(TenantId.Default, Event(999), impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => givenUp);

        down.SetResult();
        (await Task.WhenAll(adding).WaitAsync(Patience, TestContext.Current.CancellationToken)).ShouldAllBe(taken => taken);
        await buffer.DisposeAsync();
        _store.Stored.Count.ShouldBe(100);
        buffer.Counts.ShouldBe(new UsageBufferCounts(100, 100, 0, 0, 0, 0));
    }

    [Fact]
    public async Task A_full_buffer_that_may_drop_counts_what_it_drops()
    {
        var down = new TaskCompletionSource();
        _store.Before = (_, _) => down.Task;
        var buffer = Open(options => (options.CapacityBytes, options.WhenFull) = (PendingEvent.Of(TenantId.Default, Event(0)).Bytes * 10, WhenFull.Drop));
        var taken = Enumerable.Range(0, 100).Count(i => buffer.Add(TenantId.Default, Event(0) with { Id = $"e{i:d2}" }));
        taken.ShouldBe(10);
        buffer.Counts.ShouldBe(new UsageBufferCounts(10, 0, 0, 90, 10, 0));
        down.SetResult();
        await buffer.DisposeAsync();
        buffer.Counts.ShouldBe(new UsageBufferCounts(10, 10, 0, 90, 0, 0));
    }

    [Fact]
    public async Task An_event_larger_than_the_buffer_goes_through_alone()
    {
        var buffer = Open(options => options.CapacityBytes = 1);
        await Parallel.ForEachAsync(Enumerable.Range(0, 20), TestContext.Current.CancellationToken, (i, _) =>
        {
            buffer.Add(TenantId.Default, Event(i)).ShouldBeTrue();
            return ValueTask.CompletedTask;
        });
        await buffer.DisposeAsync();
        _store.BatchSizes.ShouldBe(Enumerable.Repeat(1, 20));
    }

    [Fact]
    public async Task A_shutdown_ends_in_its_time_and_tells_what_is_lost()
    {
        _store.Before = (call, token) => call == 1 ? Task.Delay(Timeout.Infinite, token) : throw new InvalidOperationException("down");
        var buffer = Open(options => (options.CapacityBytes, options.DrainTimeout) = (PendingEvent.Of(TenantId.Default, Event(0)).Bytes * 10, Duration.FromMilliseconds(200)));
        var adding = Enumerable.Range(0, 15).Select(i => buffer.AddAsync(TenantId.Default, Event(0) with { Id = $"e{i:d2}" }, TestContext.Current.CancellationToken).AsTask()).ToList();
        var watch = Stopwatch.StartNew();
        await buffer.DisposeAsync().AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        (await Task.WhenAll(adding)).Count(taken => taken).ShouldBe(10);
        (await buffer.AddAsync(TenantId.Default, Event(0), TestContext.Current.CancellationToken)).ShouldBeFalse();
        var counts = buffer.Counts;
        counts.ShouldBe(new UsageBufferCounts(10, 0, 0, 16, 0, counts.Retries));
    }

    [Fact]
    public async Task What_intake_refuses_is_counted_and_does_not_hold_up_the_rest()
    {
        _store.Refuses = item => item.Id.EndsWith('7');
        var buffer = Open(_ => { });
        foreach (var i in Enumerable.Range(0, 100))
        {
            buffer.Add(TenantId.Default, Event(i)).ShouldBeTrue();
        }

        await buffer.DisposeAsync();
        buffer.Counts.ShouldBe(new UsageBufferCounts(100, 90, 10, 0, 0, 0));
    }

    [Fact]
    public async Task An_event_that_can_never_be_stored_does_not_hold_up_the_others()
    {
        string[] bad = ["e-0", "e-499", "e-500", "e-999"];
        _store.Breaks = item => bad.Contains(item.Id);
        var buffer = Open(_ => { });
        foreach (var i in Enumerable.Range(0, 1_000))
        {
            buffer.Add(TenantId.Default, Event(i)).ShouldBeTrue();
        }

        await buffer.DisposeAsync();
        buffer.Counts.ShouldBe(new UsageBufferCounts(1_000, 996, 4, 0, 0, 0));
        _store.Stored.Select(item => item.Id).ShouldBe(Enumerable.Range(0, 1_000).Select(i => $"e-{i}").Except(bad), ignoreOrder: true);
    }

    [Fact]
    public async Task The_counts_are_instruments_too_and_a_request_lends_its_context_to_nobody()
    {
        var context = new AsyncLocal<string> { Value = "of the request" };
        string? seen = "nothing";
        _store.Before = (_, _) =>
        {
            seen = context.Value;
            return Task.CompletedTask;
        };
        var buffer = Open(_ => { });
        buffer.Add(TenantId.Default, Event(1)).ShouldBeTrue();
        await WaitAsync(() => buffer.Counts.Stored == 1);
        seen.ShouldBeNull();

        var measured = new Dictionary<string, long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == "BillApis.UsageBuffer") { self.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => measured[instrument.Name] = measured.GetValueOrDefault(instrument.Name) + value);
        listener.Start();
        listener.RecordObservableInstruments();
        measured.Keys.ShouldBe(new[] { "accepted", "stored", "refused", "dropped", "retries", "pending" }.Select(name => $"billapis.usage_buffer.{name}"), ignoreOrder: true);
        measured["billapis.usage_buffer.stored"].ShouldBeGreaterThanOrEqualTo(1);
        await buffer.DisposeAsync();
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        Should.Throw<BillingException>(() => Open(options => options.BatchSize = 0)).Details.Single().Field.ShouldBe("batch_size");
        Should.Throw<BillingException>(() => Open(options => options.CapacityBytes = 0)).Details.Single().Field.ShouldBe("capacity_bytes");
        Should.Throw<BillingException>(() => Open(options => options.DrainTimeout = Duration.FromSeconds(-1))).Details.Single().Field.ShouldBe("drain_timeout");
    }

    private static UsageEvent Event(int number) => new() { Id = $"e-{number}", Type = "call", Customer = "acme" };

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), patience.Token);
        }
    }

    private UsageBuffer Open(Action<UsageBufferOptions> configure)
    {
        var options = new UsageBufferOptions { FlushInterval = Duration.FromMilliseconds(5), RetryInterval = Duration.FromMilliseconds(20) };
        configure(options);
        return new UsageBuffer(_store.RecordAsync, Options.Create(options), NullLogger<UsageBuffer>.Instance);
    }
}
