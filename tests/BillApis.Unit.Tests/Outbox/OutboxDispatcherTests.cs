using BillApis.Outbox;
using NodaTime;

namespace BillApis.Unit.Tests.Outbox;

public sealed class OutboxDispatcherTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public async Task One_event_that_fails_stays_pending_and_holds_up_no_other()
    {
        var store = new Queue(["good 1", "bad", "good 2", "unheard of"]);
        var handled = new List<string>();
        var outbox = new OutboxDispatcher(store, [Refusing(handled)], new Clock());

        var failure = await Should.ThrowAsync<AggregateException>(() => outbox.DispatchAsync(null, TestContext.Current.CancellationToken));

        failure.InnerExceptions.Single().Message.ShouldBe("refused");
        handled.ShouldBe(["good 1", "good 2"]);
        store.Pending.ShouldBe(["bad"]);
    }

    [Fact]
    public async Task What_is_in_memory_is_carried_out_without_reading_it_and_what_fails_of_it_stays_pending()
    {
        var (store, handled) = (new Queue(["good 1", "bad", "good 2"]) { Committed = [1, 2] }, new List<string>());
        var outbox = new OutboxDispatcher(store, [Refusing(handled)], new Clock());

        await Should.ThrowAsync<AggregateException>(() => outbox.DispatchCommittedAsync(TenantId.Default, TestContext.Current.CancellationToken));
        handled.ShouldBe(["good 2"]);
        store.Pending.ShouldBe(["good 1", "bad"]);
        store.Reads.ShouldBe(0);

        await outbox.DispatchCommittedAsync(TenantId.Default, TestContext.Current.CancellationToken);
        store.Pending.ShouldBe(["good 1", "bad"]);
    }

    [Fact]
    public async Task What_memory_did_not_keep_is_read()
    {
        var (store, handled) = (new Queue(["good 1", "good 2"]) { Committed = null }, new List<string>());

        await new OutboxDispatcher(store, [Refusing(handled)], new Clock()).DispatchCommittedAsync(TenantId.Default, TestContext.Current.CancellationToken);

        handled.ShouldBe(["good 1", "good 2"]);
        store.Pending.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_read_is_not_done_again_from_memory()
    {
        var (store, handled) = (new Queue(["good 1", "good 2"]) { Committed = [0, 1] }, new List<string>());
        var outbox = new OutboxDispatcher(store, [Refusing(handled)], new Clock());

        (await outbox.DispatchAsync(null, TestContext.Current.CancellationToken)).ShouldBe(2);
        await outbox.DispatchCommittedAsync(TenantId.Default, TestContext.Current.CancellationToken);

        handled.ShouldBe(["good 1", "good 2"]);
    }

    [Fact]
    public async Task What_failed_from_memory_and_is_carried_out_when_it_is_read_did_not_fail()
    {
        var (store, tries) = (new Queue(["good 1", "good 2"]) { Committed = [0], ForgetsMore = true }, 0);
        var once = new OutboxHandler("try", (_, _, _) => ++tries == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask);

        await new OutboxDispatcher(store, [once], new Clock()).DispatchCommittedAsync(TenantId.Default, TestContext.Current.CancellationToken);

        (tries, store.Reads).ShouldBe((2, 2));
        store.Pending.ShouldBeEmpty();
    }

    private static OutboxHandler Refusing(List<string> handled) => new("try", (_, events, _) =>
    {
        if (events.Any(item => item.SubjectId == "bad"))
        {
            throw new InvalidOperationException("refused");
        }

        handled.AddRange(events.Select(item => item.SubjectId));
        return Task.CompletedTask;
    });

    private sealed class Clock : IClock
    {
        public Instant GetCurrentInstant() => Now;
    }

    private sealed class Queue(IEnumerable<string> subjects) : IOutboxStore
    {
        private readonly List<OutboxEvent> _events = [.. subjects.Select((subject, i) => new OutboxEvent(i, TenantId.Default, new BillingEvent(subject == "unheard of" ? "other" : "try", subject, Now)))];

        private List<OutboxEvent>? _committed = [];

        public IEnumerable<string> Pending => _events.Select(item => item.Event.SubjectId);

        public Task<IReadOnlyList<OutboxEvent>> PendingAsync(TenantId? tenant, int limit, CancellationToken cancellationToken)
        {
            Reads++;
            return Task.FromResult<IReadOnlyList<OutboxEvent>>([.. _events.Take(limit)]);
        }

        public IReadOnlyList<int>? Committed
        {
            init => _committed = value?.Select(place => _events[place]).ToList();
        }

        /// <summary>Whether more is committed than memory keeps once some was taken.</summary>
        public bool ForgetsMore { get; init; }

        public int Reads { get; private set; }

        public IReadOnlyList<OutboxEvent>? TakeCommitted(TenantId? tenant)
        {
            var taken = _committed;
            _committed = ForgetsMore && taken is { Count: > 0 } ? null : [];
            return taken;
        }

        public Task<IReadOnlyList<OutboxEvent>> OfSubjectAsync(TenantId tenant, string subject, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DoneAsync(IReadOnlyList<OutboxEvent> events, Instant at, CancellationToken cancellationToken)
        {
            _events.RemoveAll(events.Contains);
            return Task.CompletedTask;
        }
    }
}
