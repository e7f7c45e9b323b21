using System.Text.Json;
using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Usage of long ago in files and back, through the whole engine.</summary>
public abstract class RetentionTests : IDisposable
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2021, 1, 1, 0, 0);
    private static readonly YearMonth January = new(2021, 1);
    private static readonly Interval Month = new(Start, Instant.FromUtc(2021, 2, 1, 0, 0));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-archive-");
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly StoreFixture _fixture;

    protected RetentionTests(StoreFixture fixture)
    {
        _fixture = fixture;
        (Options.UsageRetentionMonths, Options.UsageArchiveFolder) = (null, _folder.FullName);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Billing Billing => _fixture.Get<Billing>();

    private BillingOptions Options => _fixture.Get<IOptions<BillingOptions>>().Value;

    [Fact]
    public async Task A_billed_month_comes_back_from_its_files_and_no_bill_changes()
    {
        var invoice = await BillAsync();
        var (bill, explained) = (await BillTextAsync(invoice), await ExplainAsync(invoice));
        explained.ShouldContain("9 used: call-0 call-1 call-2 call-3 call-4 call-5 call-6 call-7 call-8", Case.Sensitive, "ten were sent, and the last one was taken back");
        (await ArchiveAsync()).ShouldBe(10);
        (await Billing.Usage.EventsAsync(_tenant, new UsageQuery(), Token)).Items.ShouldBeEmpty();
        (await SumAsync()).ShouldBe(9);
        await RefusedAsync(() => Billing.Usage.VoidAsync(_tenant, "call-3", cancellationToken: Token));

        var until = _fixture.Get<IClock>().GetCurrentInstant() + Duration.FromDays(1);
        var restored = await Billing.Retention.RestoreAsync(_tenant, January, until, Token);
        restored.ShouldBe(new RestoredUsage(January, 10, until));
        (await Billing.Retention.ListAsync(_tenant, Token)).ShouldBeEmpty();
        (await Billing.Retention.RunAsync(_tenant, Token)).ShouldBe(0, "it is kept for a day");
        (await ExplainAsync(invoice)).ShouldBe(explained);
        (await BillTextAsync(invoice), await SumAsync()).ShouldBe((bill, 9));
        (await Billing.Usage.RecordAsync(_tenant, Call(3), Token)).Duplicates.ShouldBe(1);

        // Taken back after all: the next bill gives it back, as for any other event.
        (await Billing.Usage.VoidAsync(_tenant, "call-3", "a test", cancellationToken: Token)).IsVoided.ShouldBeTrue();
        await Billing.Usage.AmendAsync(_tenant, new UsageAmendment { Id = "call-4", Timestamp = Start + Duration.FromDays(20), Reason = "wrong hour" }, Token);
        (await SumAsync()).ShouldBe(8);
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2021, 3, 1, 0, 0), cancellationToken: Token);
        (await Billing.Invoices.ListAsync(_tenant, new StoreQuery(), Token)).Items.Sum(item => item.Total.Amount).ShouldBe(8);
        await ThrowsAsync(BillingErrorCode.NotFound, () => Billing.Retention.RestoreAsync(_tenant, January, cancellationToken: Token));
    }

    [Fact]
    public async Task Nodes_that_archive_at_once_leave_each_event_in_one_whole_file()
    {
        await CatalogAsync(_tenant);
        await Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Range(0, 10).Select(Call)], Token);
        await SettleAsync(_tenant, 1);
        var other = _fixture.GetFromAnotherNode<IOptions<BillingOptions>>().Value;
        other.UsageArchiveFolder = _folder.FullName;
        var archived = await Task.WhenAll(Enumerable.Range(0, 8).Select(node => Task.Run(
            () => (node % 2 == 0 ? Billing : _fixture.GetFromAnotherNode<Billing>()).Retention.RunAsync(_tenant, Token), Token)));
        other.UsageArchiveFolder = null;
        archived.Sum().ShouldBe(10);
        var files = (await Billing.Retention.ListAsync(_tenant, Token)).Select(part => part.File).Order();
        _folder.GetFiles("*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.FullName, file.FullName)).Order().ShouldBe(files);
        (await Billing.Retention.RestoreAsync(_tenant, January, cancellationToken: Token)).Events.ShouldBe(10);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("changed")]
    [InlineData("exchanged")]
    public async Task Of_files_that_are_not_what_was_written_nothing_comes_back(string damage)
    {
        await BillAsync();
        await ArchiveAsync();
        await Billing.Usage.RecordAsync(_tenant, Call(11), Token);
        (await ArchiveAsync()).ShouldBe(1);
        var parts = await Billing.Retention.ListAsync(_tenant, Token);
        parts.Select(part => (part.Part, part.Events)).ShouldBe([(1, 10), (2, 1)]);
        var path = Path.Combine(_folder.FullName, parts[1].File);
        var good = await File.ReadAllBytesAsync(path, Token);
        Damage(path, good, damage, Path.Combine(_folder.FullName, parts[0].File));

        (await RefusedAsync(() => Billing.Retention.RestoreAsync(_tenant, January, cancellationToken: Token))).ShouldContain(parts[1].File);
        (await Billing.Usage.EventsAsync(_tenant, new UsageQuery(), Token)).Items.ShouldBeEmpty();
        (await Billing.Retention.ListAsync(_tenant, Token)).ShouldBe(parts);
        (await Billing.Retention.RestoredAsync(_tenant, Token)).ShouldBeEmpty();

        await File.WriteAllBytesAsync(path, good, Token);
        (await Billing.Retention.RestoreAsync(_tenant, January, cancellationToken: Token)).Events.ShouldBe(11);
        (await SumAsync()).ShouldBe(10);
    }

    [Fact]
    public async Task Each_tenant_keeps_usage_for_as_long_as_it_says_or_else_as_the_deployment_says()
    {
        await CatalogAsync(_tenant);
        var (brief, patient) = (EntityId.New<TenantId>(), EntityId.New<TenantId>());
        foreach (var tenant in new[] { brief, patient })
        {
            await CatalogAsync(tenant);
        }

        foreach (var tenant in new[] { _tenant, brief, patient })
        {
            (await Billing.Usage.RecordAsync(tenant, new UsageEvent { Id = "old", Type = "call", Customer = "acme", Timestamp = Instant.FromUtc(2012, 3, 5, 0, 0) }, Token)).Accepted.ShouldBe(1);
        }

        await SettleAsync(brief, 1);
        await SettleAsync(patient, Limits.MostRetentionMonths);
        (await Billing.Retention.RunAsync(Token)).ShouldBe(1);
        await KeptAsync(2, (_tenant, 1), (brief, 0), (patient, 1));

        Options.UsageRetentionMonths = 24;
        (await Billing.Settings.GetAsync(_tenant, Token)).UsageRetentionMonths.ShouldBe(24);
        (await Billing.Retention.RunAsync(Token)).ShouldBe(1);
        await KeptAsync(1, (_tenant, 0), (brief, 0), (patient, 1));

        // Back to the deployment's choice: nobody needs that month any more.
        await SettleAsync(patient, null);
        (await Billing.Retention.RunAsync(Token)).ShouldBe(1);
        await KeptAsync(0, (_tenant, 0), (brief, 0), (patient, 0));
        (await Billing.Retention.RestoreAsync(brief, new YearMonth(2012, 3), cancellationToken: Token)).Events.ShouldBe(1);
        await KeptAsync(1, (_tenant, 0), (brief, 1), (patient, 0));

        await ThrowsAsync(BillingErrorCode.Invalid, () => SettleAsync(brief, 0));
        await ThrowsAsync(BillingErrorCode.Invalid, () => SettleAsync(brief, Limits.MostRetentionMonths + 1));
        Options.UsageArchiveFolder = null;
        await ThrowsAsync(BillingErrorCode.Invalid, () => SettleAsync(brief, 5));
        await ThrowsAsync(BillingErrorCode.Invalid, () => Billing.Retention.RunAsync(Token));
        (Options.UsageRetentionMonths, Options.UsageArchiveFolder) = (null, null);
        (await Billing.Retention.RunAsync(Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_backfill_over_an_archived_month_is_refused_until_the_month_is_back()
    {
        await CatalogAsync(_tenant);
        await Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Range(0, 10).Select(Call)], Token);
        var applied = await OpenAsync("early");
        (await Billing.Backfills.ApplyAsync(_tenant, applied, Token)).Effect!.Added.ShouldBe(1);
        var open = await OpenAsync("later");
        await ArchiveAsync();

        foreach (var call in new Func<Task>[]
        {
            () => Billing.Backfills.CompareAsync(_tenant, open, cancellationToken: Token), () => Billing.Backfills.ApplyAsync(_tenant, open, Token), () => Billing.Backfills.RevertAsync(_tenant, applied, Token),
        })
        {
            (await RefusedAsync(call)).ShouldContain("2021-01 are archived");
        }

        (await SumAsync()).ShouldBe(11);
        (await Billing.Backfills.GetAsync(_tenant, open, Token)).Status.ShouldBe(UsageBackfillStatus.Open);
        await Billing.Retention.RestoreAsync(_tenant, January, cancellationToken: Token);
        (await Billing.Backfills.ApplyAsync(_tenant, open, Token)).Effect!.Added.ShouldBe(1);
        (await Billing.Backfills.RevertAsync(_tenant, applied, Token)).Status.ShouldBe(UsageBackfillStatus.Reverted);
        (await SumAsync()).ShouldBe(11);

        async Task<string> OpenAsync(string id)
        {
            var backfill = (await Billing.Backfills.OpenAsync(_tenant, new NewUsageBackfill { Period = Month }, Token)).Id.ToString();
            (await Billing.Backfills.AddAsync(_tenant, backfill, [Call(15) with { Id = id }], Token)).Accepted.ShouldBe(1);
            return backfill;
        }
    }

    public void Dispose()
    {
        (Options.UsageRetentionMonths, Options.UsageArchiveFolder) = (null, null);
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private static void Damage(string path, byte[] good, string damage, string other)
    {
        switch (damage)
        {
            case "missing":
                File.Delete(path);
                break;
            case "cut":
                File.WriteAllBytes(path, good[..^1]);
                break;
            case "changed":
                File.WriteAllBytes(path, [.. good[..^1], (byte)(good[^1] ^ 1)]);
                break;
            default:
                File.Copy(other, path, overwrite: true);
                break;
        }
    }

    private static UsageEvent Call(int number) => new() { Id = $"call-{number}", Type = "call", Customer = "acme", Timestamp = Start + Duration.FromHours((number * 31) + 1) + Duration.FromMinutes(number) };

    private async Task<string> BillAsync()
    {
        await CatalogAsync(_tenant);
        await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", "pro") { StartAt = Start }, Token);
        await Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Range(0, 10).Select(Call)], Token);
        await Billing.Usage.VoidAsync(_tenant, "call-9", cancellationToken: Token);
        await Billing.Runs.RunAsync(_tenant, Month.End, cancellationToken: Token);
        return (await Billing.Invoices.ListAsync(_tenant, new StoreQuery(), Token)).Items.ShouldHaveSingleItem().Id.ToString();
    }

    private async Task<string> BillTextAsync(string invoice) => JsonSerializer.Serialize(await Billing.Invoices.GetAsync(_tenant, invoice, Token), BillingJson.Options);

    private async Task<string> ExplainAsync(string invoice)
    {
        var usage = (await Billing.Explanations.InvoiceAsync(_tenant, invoice, cancellationToken: Token)).Lines.Select(line => line.Usage).OfType<UsageOrigin>().Single();
        return $"{usage.Quantity} used: {string.Join(' ', usage.Events.Items.Select(item => item.Event.Id).Order())}";
    }

    private async Task<long> ArchiveAsync()
    {
        await SettleAsync(_tenant, 1);
        return await Billing.Retention.RunAsync(_tenant, Token);
    }

    private Task<TenantSettings> SettleAsync(TenantId tenant, int? months) => Billing.Settings.ChangeAsync(tenant, settings => settings with { UsageRetentionMonths = months }, Token);

    private async Task<decimal> SumAsync() =>
        (await Billing.Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = "acme", Metric = "calls", Period = Month }, Token)).ShouldHaveSingleItem().Value;

    // On PostgreSQL a month's part is there as long as anybody has events in it.
    private async Task KeptAsync(int tenants, params (TenantId Tenant, int Events)[] expected)
    {
        foreach (var (tenant, events) in expected)
        {
            (await Billing.Usage.EventsAsync(tenant, new UsageQuery(), Token)).Items.Count.ShouldBe(events);
        }

        var database = _fixture.Get<SqlDatabase>();
        if (database.Dialect.Name == "postgres")
        {
            await using var connection = await database.OpenAsync(null, Token);
            (await connection.ExecuteScalarAsync<string?>("select cast(to_regclass('billing_usage_batch_2012_03') as text)") is not null).ShouldBe(tenants > 0);
        }
    }

    private async Task CatalogAsync(TenantId tenant)
    {
        var calls = await Billing.Metrics.CreateAsync(tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count }, Token);
        var price = await Billing.Prices.CreateAsync(tenant, new Price { Code = "calls", Metric = calls.Id, Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(1m) } }, Token);
        await Billing.Plans.CreateAsync(tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, Token);
        await Billing.Plans.PublishAsync(tenant, "pro", Token);
        await Billing.Customers.CreateAsync(tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
    }

    private static Task<string> RefusedAsync(Func<Task> call) => ThrowsAsync(BillingErrorCode.Conflict, call);

    private static async Task<string> ThrowsAsync(BillingErrorCode code, Func<Task> call)
    {
        var refusal = await Should.ThrowAsync<BillingException>(call);
        refusal.Code.ShouldBe(code);
        return refusal.Message;
    }
}

public sealed class SqliteRetentionTests(SqliteFixture fixture) : RetentionTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresRetentionTests(PostgresFixture fixture) : RetentionTests(fixture), IClassFixture<PostgresFixture>;
