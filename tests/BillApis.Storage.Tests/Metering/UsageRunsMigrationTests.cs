using System.Globalization;
using BillApis.Metering;
using BillApis.Sqlite;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Events that had a row in each index are found by runs and slices afterwards; those too that the indexes did not have yet, and the keys of archived ones.</summary>
public sealed class UsageRunsMigrationTests : IDisposable
{
    private const int Count = 300;
    private const int IndexedBlocks = 3;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 2, 3, 4);
    private readonly string _path = SqliteFile.NewPath();
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly CustomerId _customer = EntityId.New<CustomerId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_are_found_by_key_time_and_customer_and_are_known_forever()
    {
        await FillAsync();
        await using var node = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_path}")).BuildServiceProvider();
        await node.GetRequiredService<Billing>().MigrateAsync(Token);
        var store = node.GetRequiredService<IUsageStore>();

        (await ListAsync(store, null)).ShouldBe(Numbers.Where(number => !IsArchived(number)).Select(Id));
        (await ListAsync(store, _customer)).ShouldBe(Numbers.Where(number => !IsArchived(number) && number % 3 != 0).Select(Id));
        foreach (var number in Numbers)
        {
            if (IsArchived(number))
            {
                (await Should.ThrowAsync<BillingException>(() => store.FindEventAsync(_tenant, "api", Id(number), Token))).Message.ShouldContain("archived");
            }
            else
            {
                (await store.FindEventAsync(_tenant, "api", Id(number), Token))!.Event.Timestamp.ShouldBe(At(number));
            }
        }

        var sent = (await store.FindEventAsync(_tenant, "api", Id(1), Token))!.Event;
        StampedEvent[] again = [.. Enumerable.Range(0, Count + 2).Select(number => new StampedEvent { Event = sent with { Id = Id(number) }, At = Start, RecordedAt = Start, Hash = number == 70 ? "other" : $"hash {number}" })];
        var results = await store.AppendAsync(_tenant, again, Token);
        results.Select(result => result.Outcome).ShouldBe(again.Select((_, number) => number == 70 ? AppendOutcome.Conflict : Numbers.Contains(number) ? AppendOutcome.Duplicate : AppendOutcome.Accepted));
    }

    public void Dispose()
    {
        SqliteFile.Delete(_path);
    }

    // From 1 on, as the oldest files count; two places are empty.
    private static IEnumerable<int> Numbers => Enumerable.Range(1, Count).Where(number => number is not (100 or 101));

    private static bool IsArchived(int number) => number % 20 == 7;

    private static string Id(int number) => $"e-{number}";

    // Not in the order of their numbers.
    private static Instant At(int number) => Start + Duration.FromMinutes(number * 37 % 1_000);

    private async Task<List<string>> ListAsync(IUsageStore store, CustomerId? customer)
    {
        var (found, after) = (new List<StoredEvent>(), (string?)null);
        do
        {
            var page = await store.ListEventsAsync(_tenant, new UsageQuery { Customer = customer, Limit = 70, After = after }, Token);
            after = page.Next;
            found.AddRange(page.Items);
        }
        while (after is not null);
        found.Select(item => item.Event.Timestamp).ShouldBe(found.Select(item => item.Event.Timestamp).OrderDescending());
        return [.. found.Select(item => item.Event.Id).OrderBy(id => int.Parse(id[2..], CultureInfo.InvariantCulture))];
    }

    private async Task FillAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={_path};Pooling=False");
        await connection.OpenAsync(Token);
        SqliteDecimals.Register(connection);
        SqliteUsageFunctions.Register(connection);
        await connection.MigrateBelowAsync("sqlite", 240);

        await connection.ExecuteAsync("insert into billing_usage_source (no, tenant_id, source) values (7, @Tenant, 'api')", new { Tenant = _tenant.ToString() });
        foreach (var block in Enumerable.Range(0, (Count / SqliteUsageBlock.Most) + 1))
        {
            await connection.ExecuteAsync("insert into billing_usage_block (no, events) values (@block, @Events)", new { block, Events = Block(block) });
        }

        // What the indexes had: a row for each event, and of archived ones the key alone.
        foreach (var number in Numbers.Where(number => number < IndexedBlocks * SqliteUsageBlock.Most))
        {
            var row = new { Tenant = _tenant.ToString(), Customer = _customer.ToString(), Id = Id(number), At = At(number).ToMicroseconds(), number };
            await connection.ExecuteAsync("insert into billing_usage_key values (7, @Id, @number)", row);
            await connection.ExecuteAsync(IsArchived(number) ? "select 1" : "insert into billing_usage_time values (@Tenant, @At, @number)", row);
            await connection.ExecuteAsync(IsArchived(number) || number % 3 == 0 ? "select 1" : "insert into billing_usage_customer values (@Customer, @At, @number)", row);
        }

        await connection.ExecuteAsync("update billing_usage_progress set indexed = @Last", new { Last = IndexedBlocks - 1 });
        SqliteStatement.Forget(connection.Handle);
    }

    private byte[] Block(int no)
    {
        var block = new SqliteUsageBlock();
        for (var place = 0; place < SqliteUsageBlock.Most && (no * SqliteUsageBlock.Most) + place <= Count; place++)
        {
            var number = (no * SqliteUsageBlock.Most) + place;
            if (!Numbers.Contains(number))
            {
                block.Skip();
                continue;
            }

            block.Add(new SqliteUsageParts
            {
                Source = 7, Id = Id(number), Type = IsArchived(number) ? "" : "call", CustomerName = IsArchived(number) ? "" : "acme", Customer = IsArchived(number) || number % 3 == 0 ? null : _customer.Value, Subscription = null,
                At = At(number).ToMicroseconds(), RecordedAt = Start.ToMicroseconds(), Properties = IsArchived(number) ? "" : "{}", Hash = $"hash {number}", Metrics = [],
            });
        }

        return block.Bytes.ToArray();
    }
}
