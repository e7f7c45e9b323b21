using BillApis.Auditing;
using BillApis.Conformance;
using BillApis.Identity;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests;

public sealed class SqliteAnsweredWorkTests(SqliteFixture fixture) : AnsweredWorkSuite(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresAnsweredWorkTests(PostgresFixture fixture) : AnsweredWorkSuite(fixture), IClassFixture<PostgresFixture>;

/// <summary>All that a request stores and its answer are one transaction: both are there, or neither is.</summary>
public abstract class AnsweredWorkSuite(StoreFixture fixture)
{
    private static readonly Instant Now = Instant.FromUnixTimeSeconds(1_800_000_000);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IStore<StoredAnswer> Answers => fixture.Get<IStore<StoredAnswer>>();

    private IStore<Customer> Customers => fixture.Get<IStore<Customer>>();

    [Fact]
    public async Task What_is_stored_is_seen_by_the_request_alone_until_its_answer_is_stored_too()
    {
        var (work, claim) = await BeginAsync("done");
        var told = 0;
        await InAsync(work, async () =>
        {
            (await SaveAsync("one")).ShouldBe(SaveResult.Saved);
            (await Customers.FindAsync(_tenant, "one", Token)).ShouldNotBeNull();

            // The alias is taken: this save is undone, and the one before it stands.
            (await SaveAsync("one")).ShouldBe(SaveResult.Conflict);
            (await SaveAsync("two")).ShouldBe(SaveResult.Saved);
            AnsweredWork.OnceStored(() => told++);
        });
        told.ShouldBe(0);
        (await Customers.FindAsync(_tenant, "one", Token)).ShouldBeNull();
        (await work.EndAsync(claim.Answered(201, "both"))).ShouldBeTrue();
        told.ShouldBe(1);
        (await Customers.ListAsync(_tenant, new StoreQuery(), Token)).Items.Select(item => item.ExternalId).ShouldBe(["two", "one"]);
        (await Answers.FindAsync(_tenant, "done", Token))!.Body.ShouldBe("both");
        var verified = await new AuditTrail(fixture.Get<IAuditStore>()).VerifyAsync(_tenant, Token);
        (verified.Intact, verified.Entries).ShouldBe((true, 2));
    }

    [Fact]
    public async Task Where_there_is_no_answer_nothing_is_stored()
    {
        var (work, _) = await BeginAsync("failed");
        await InAsync(work, async () => (await SaveAsync("one")).ShouldBe(SaveResult.Saved));
        (await work.EndAsync(null)).ShouldBeFalse();
        (await Customers.FindAsync(_tenant, "one", Token)).ShouldBeNull();
        (await fixture.Get<IAuditStore>().HeadAsync(_tenant, Token)).ShouldBe(AuditChain.Empty);
    }

    [Fact]
    public async Task Who_lost_the_key_to_another_stores_nothing()
    {
        var (slow, claim) = await BeginAsync("key");
        var taken = (await Answers.FindAsync(_tenant, "key", Token))!;
        (await Answers.SaveAsync(_tenant, [taken.Claimed(Now + Duration.FromMinutes(1))], [], Token)).ShouldBe(SaveResult.Saved);
        await InAsync(slow, async () => (await SaveAsync("one")).ShouldBe(SaveResult.Saved));
        (await slow.EndAsync(claim.Answered(201, "slow"))).ShouldBeFalse();
        (await Customers.FindAsync(_tenant, "one", Token)).ShouldBeNull();
        (await Answers.FindAsync(_tenant, "key", Token))!.Body.ShouldBeNull();
    }

    [Fact]
    public async Task Usage_stands_or_falls_with_the_answer()
    {
        foreach (var isAnswered in new[] { false, true })
        {
            var (work, claim) = await BeginAsync($"usage-{isAnswered}");
            await InAsync(work, () => fixture.Get<Usage>().RecordAsync(_tenant, new UsageEvent { Id = "e-1", Type = "call", Customer = "nobody", Timestamp = null }, Token));
            (await work.EndAsync(isAnswered ? claim.Answered(202, "kept") : null)).ShouldBe(isAnswered);
            (await fixture.Get<Usage>().EventsAsync(_tenant, new UsageQuery(), Token)).Items.Count.ShouldBe(isAnswered ? 1 : 0);
        }
    }

    [Fact]
    public async Task What_is_set_aside_of_a_quota_stands_or_falls_with_the_answer()
    {
        var (store, quota) = (fixture.Get<IReservationStore>(), new QuotaKey(EntityId.New<CustomerId>(), "fea_x", Now));
        async Task<bool> ReserveAsync(decimal quantity)
        {
            var wanted = new Reservation { Id = EntityId.New<ReservationId>(), Quota = quota, Quantity = quantity, Limit = 10 };
            return (await store.ReserveAsync(_tenant, wanted, 0, Duration.FromMinutes(5), Token)).Reservation is not null;
        }

        (await ReserveAsync(4)).ShouldBeTrue();
        foreach (var isAnswered in new[] { false, true })
        {
            var (work, claim) = await BeginAsync($"quota-{isAnswered}");
            await InAsync(work, async () =>
            {
                await SaveAsync("first");
                (await ReserveAsync(5)).ShouldBeTrue();
                (await ReserveAsync(2)).ShouldBeFalse();
            });
            (await work.EndAsync(isAnswered ? claim.Answered(201, "kept") : null)).ShouldBe(isAnswered);
            (await store.CountAsync(_tenant, quota, Token)).ShouldBe(new QuotaCount(0, isAnswered ? 9 : 4));
            (await ReserveAsync(isAnswered ? 1.5m : 6.5m)).ShouldBeFalse();
        }

        (await ReserveAsync(1)).ShouldBeTrue();
        (await store.CountAsync(_tenant, quota, Token)).ShouldBe(new QuotaCount(0, 10));
    }

    [Fact]
    public async Task Answers_are_forgotten_in_order_of_age_and_of_one_tenant_alone()
    {
        var (old, kept, other) = (Answer(_tenant, Now - Duration.FromDays(3)), Answer(_tenant, Now), Answer(EntityId.New<TenantId>(), Now - Duration.FromDays(3)));
        foreach (var answer in new[] { old, kept, other })
        {
            await Answers.SaveAsync(answer.Tenant, [answer], [], Token);
        }

        (await fixture.Get<ForgetAnswers>()(_tenant, Now - Duration.FromDays(1), 10, Token)).ShouldBe(1);
        (await Answers.ListAsync(_tenant, new StoreQuery(), Token)).Items.Select(item => item.Id).ShouldBe([kept.Id]);
        (await Answers.ListAsync(other.Tenant, new StoreQuery(), Token)).Items.Count.ShouldBe(1);
    }

    private static StoredAnswer Answer(TenantId tenant, Instant at) =>
        new() { Id = new StoredAnswerId(Guid.CreateVersion7(at.ToDateTimeOffset())), Tenant = tenant, Name = EntityId.New<StoredAnswerId>().ToString(), RequestHash = "x", CreatedAt = at };

    private async Task<(AnsweredWork Work, StoredAnswer Claim)> BeginAsync(string name)
    {
        var claim = new StoredAnswer { Tenant = _tenant, Name = name, RequestHash = "x", CreatedAt = Now }.Claimed(Now);
        (await Answers.SaveAsync(_tenant, [claim], [], Token)).ShouldBe(SaveResult.Saved);
        return (new AnsweredWork(), claim.WithVersion(1));
    }

    // As in a request: what is set here ends with this method.
    private static async Task InAsync(AnsweredWork work, Func<Task> act)
    {
        AnsweredWork.Current = work;
        AuditSource.Current = new AuditSource("usr_1", "req_1", null, Now);
        await act();
    }

    private Task<SaveResult> SaveAsync(string name) =>
        Customers.SaveAsync(_tenant, [new Customer { Tenant = _tenant, Name = name, Currency = Currency.Parse("USD"), ExternalId = name }], [], Token);
}
