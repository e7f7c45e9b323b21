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
        var handler = new OutboxHandler("try", (_, events, _) =>
        {
            if (events.Any(item => item.SubjectId == "bad"))
            {
                throw new InvalidOperationException("refused");
            }

            handled.AddRange(events.Select(item => item.SubjectId));
            return Task.CompletedTask;
        });
        var outbox = new OutboxDispatcher(store, [handler], new Clock());

        var failure = await Should.ThrowAsync<AggregateException>(() => outbox.DispatchAsync(null, TestContext.Current.CancellationToken));

        failure.InnerExceptions.Single().Message.ShouldBe("refused");
        handled.ShouldBe(["good 1", "good 2"]);
        store.Pending.ShouldBe(["bad"]);
    }

    private sealed class Clock : IClock
    {
        public Instant GetCurrentInstant() => Now;
    }

    private sealed class Queue(IEnumerable<string> subjects) : IOutboxStore
    {
        private readonly List<OutboxEvent> _events = [.. subjects.Select((subject, i) => new OutboxEvent(i, TenantId.Default, new BillingEvent(subject == "unheard of" ? "other" : "try", subject, Now)))];

        public IEnumerable<string> Pending => _events.Select(item => item.Event.SubjectId);

        public Task<IReadOnlyList<OutboxEvent>> PendingAsync(TenantId? tenant, int limit, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<OutboxEvent>>([.. _events.Take(limit)]);

        public Task<IReadOnlyList<OutboxEvent>> OfSubjectAsync(TenantId tenant, string subject, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DoneAsync(IReadOnlyList<OutboxEvent> events, Instant at, CancellationToken cancellationToken)
        {
            _events.RemoveAll(events.Contains);
            return Task.CompletedTask;
        }
    }
}
