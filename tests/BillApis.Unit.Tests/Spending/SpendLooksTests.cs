namespace BillApis.Unit.Tests.Spending;

public sealed class SpendLooksTests
{
    private static readonly TenantId Tenant = EntityId.New<TenantId>();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Who_comes_while_a_look_is_under_way_waits_for_the_next_and_shares_it()
    {
        var (seen, under, go) = (new List<CustomerId[]>(), NewSignal(), NewSignal());
        using var looks = new SpendLooks(
            async (_, customers) =>
            {
                seen.Add([.. customers]);
                under.TrySetResult();
                await go.Task;
            },
            _ => Task.CompletedTask, exception => throw exception);
        CustomerId[] all = [.. Enumerable.Range(0, 20).Select(_ => EntityId.New<CustomerId>())];
        var first = looks.NextAsync(Tenant, [all[0]]);
        await under.Task.WaitAsync(Patience, Stop);
        Task[] others = [.. all.Select(customer => looks.NextAsync(Tenant, [customer]))];
        others.ShouldAllBe(waiting => !waiting.IsCompleted);
        go.SetResult();
        await Task.WhenAll([first, .. others]).WaitAsync(Patience, Stop);

        // The first customer was used once more while it was looked at.
        seen.Select(look => look.Length).ShouldBe([1, 20]);
        seen[1].ShouldBe(all, ignoreOrder: true);
    }

    [Fact]
    public async Task One_customer_that_cannot_be_rated_holds_up_no_other_and_no_sender_is_told()
    {
        var (bad, failures, alone) = (EntityId.New<CustomerId>(), new List<Exception>(), new List<CustomerId>());
        using var looks = new SpendLooks(
            (_, customers) =>
            {
                if (customers.Contains(bad))
                {
                    throw new OverflowException();
                }

                alone.AddRange(customers);
                return Task.CompletedTask;
            },
            _ => Task.CompletedTask, failures.Add);
        CustomerId[] good = [EntityId.New<CustomerId>(), EntityId.New<CustomerId>()];
        await looks.NextAsync(Tenant, [good[0], bad, good[1]]).WaitAsync(Patience, Stop);
        alone.ShouldBe(good, ignoreOrder: true);
        failures.ShouldHaveSingleItem().ShouldBeOfType<OverflowException>();
    }

    [Fact]
    public async Task What_nobody_waits_for_is_looked_at_in_bounded_lots_and_posted_once()
    {
        var (seen, posted) = (new List<int>(), NewSignal());
        var left = 100;
        using var looks = new SpendLooks(
            (_, customers) =>
            {
                seen.Add(customers.Count);
                left -= customers.Count;
                return Task.CompletedTask;
            },
            _ =>
            {
                if (left == 0)
                {
                    posted.SetResult();
                }

                return Task.CompletedTask;
            },
            exception => throw exception);
        CustomerId[] all = [.. Enumerable.Range(0, 100).Select(_ => EntityId.New<CustomerId>())];
        looks.Later(Tenant, all);
        looks.Later(Tenant, all);
        await posted.Task.WaitAsync(Patience, Stop);
        (seen.Sum(), seen.Max() <= SpendLooks.Most).ShouldBe((100, true));
    }

    [Fact]
    public async Task What_comes_later_is_looked_at_though_a_failure_could_not_even_be_told()
    {
        var (bad, good, told, seen) = (EntityId.New<CustomerId>(), EntityId.New<CustomerId>(), NewSignal(), NewSignal());
        using var looks = new SpendLooks(
            (_, customers) =>
            {
                if (customers.Contains(bad))
                {
                    throw new OverflowException();
                }

                seen.SetResult();
                return Task.CompletedTask;
            },
            _ => Task.CompletedTask,
            _ =>
            {
                told.TrySetResult();
                throw new IOException("the log is full");
            });
        looks.Later(Tenant, [bad]);
        await told.Task.WaitAsync(Patience, Stop);
        looks.Later(Tenant, [good]);
        await seen.Task.WaitAsync(Patience, Stop);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
