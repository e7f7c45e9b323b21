using System.Text.Json;
using BillApis.Ledger;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Host.Tests;

public sealed class LedgerTests(HostFixture host)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant At = Instant.FromUtc(2001, 2, 1, 0, 0);

    private readonly Seed _seed = new(host.Api);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_invoiced_in_advance_is_earned_month_by_month()
    {
        var (customer, plan) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()));
        var now = await _seed.NowAsync();
        var first = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, default).AddMonths(1);
        var middle = first.AddDays(10);
        await _seed.SubscriptionAsync(customer, plan, middle);
        await _seed.MoveAsync(middle);
        (await host.Api.PostAsync("/invoicing/runs?wait=true", new { as_of = middle, customer_id = customer })).Ok(202);
        var months = (await host.Api.GetAsync($"/ledger/revenue-schedule?customer_id={customer}&from={first:yyyy-MM-dd}T00:00:00Z&to={first.AddMonths(2):yyyy-MM-dd}T00:00:00Z")).Ok().EnumerateArray()
            .Select(month => (month.GetProperty("earned").GetDecimal(), month.GetProperty("deferred").GetDecimal())).ToList();

        // 20.00 over as many days as the first month has; its first days have a cent more.
        var days = (int)(middle.AddMonths(1) - middle).TotalDays;
        var here = days - 10;
        var earned = ((here * (2_000 / days)) + Math.Min(here, 2_000 % days)) / 100m;
        months.ShouldBe([(earned, 20 - earned), (20 - earned, 0m)]);
        (await host.Api.GetAsync($"/ledger/revenue-schedule?from={first:yyyy-MM-dd}T00:00:00Z&to={first:yyyy-MM-dd}T00:00:00Z")).ShouldFail(400, "VAL_001", "to");
    }

    [Fact]
    public async Task The_books_of_an_invoice_and_its_payment()
    {
        var (customer, invoice) = await PostAsync();

        var page = await host.Api.GetAsync($"/ledger/accounts?customer_id={customer}");
        var account = page.Ok().EnumerateArray().ShouldHaveSingleItem();
        Text(account, "code", "kind", "currency", "owner", "normal_side", "debits", "credits", "balance")
            .ShouldBe(["receivable/USD/2/" + customer, "receivable", "USD", customer, "debit", "119", "50.25", "68.75"]);
        page.Envelope.GetProperty("page").GetProperty("has_more").GetBoolean().ShouldBeFalse();

        var entries = (await host.Api.GetAsync($"/ledger/accounts/{account.GetProperty("id").GetString()}/entries")).Ok().EnumerateArray().ToList();
        entries.Count.ShouldBe(4);
        Text(entries[0], "at", "side", "amount", "currency", "counterpart", "kind").ShouldBe(["2001-02-02T00:00:00Z", "credit", "50.25", "USD", "clearing/USD/2/external", "payment_received"]);
        entries.Skip(1).Select(entry => entry.GetProperty("cause").GetString()).ShouldAllBe(cause => cause == invoice);
        entries.Skip(1).Select(entry => string.Join(" ", Text(entry, "side", "amount", "counterpart", "kind")))
            .ShouldBe(["debit 80 revenue/USD/2 invoice_issued", "debit 20 deferred_revenue/USD/2 invoice_issued", "debit 19 tax_payable/USD/2 invoice_issued"], ignoreOrder: true);
    }

    [Fact]
    public async Task Issuing_paying_canceling_and_writing_off_reach_the_books_at_once()
    {
        var customer = await _seed.CustomerAsync("KWD");
        var (first, second, third) = (await IssueAsync(customer, "10.005"), await IssueAsync(customer, "7"), await IssueAsync(customer, "5"));
        (await host.Api.PostAsync($"/invoicing/invoices/{first}/payments", new { amount = "4.005" })).Ok(201);
        (await host.Api.PostAsync($"/invoicing/invoices/{first}/write-off")).Ok();
        (await host.Api.PostAsync($"/invoicing/invoices/{second}/cancel")).Ok();

        var account = (await host.Api.GetAsync($"/ledger/accounts?kind=receivable&customer_id={customer.GetProperty("external_id").GetString()}")).Ok().EnumerateArray().ShouldHaveSingleItem();
        Text(account, "currency", "debits", "credits", "balance").ShouldBe(["KWD", "22.005", "17.005", "5"]);
        var entries = (await host.Api.GetAsync($"/ledger/accounts/{Seed.Id(account)}/entries")).Ok().EnumerateArray();
        entries.Where(entry => entry.GetProperty("cause").GetString() != third).Select(entry => string.Join(" ", Text(entry, "side", "amount", "counterpart"))).ShouldBe(
            ["debit 10.005 revenue/KWD/3", "debit 7 revenue/KWD/3", "credit 4.005 clearing/KWD/3/external", "credit 6 bad_debt/KWD/3", "credit 7 revenue/KWD/3"], ignoreOrder: true);
    }

    [Fact]
    public async Task Pages_of_entries_and_accounts_follow_on()
    {
        var (customer, _) = await PostAsync();
        var id = (await host.Api.GetAsync($"/ledger/accounts?customer_id={customer}")).Ok()[0].GetProperty("id").GetString();
        await CountAsync($"/ledger/accounts/{id}/entries?limit=3", 4);
        await CountAsync($"/ledger/accounts?kind=receivable&customer_id={customer}&limit=1", 1);
        (await host.Api.GetAsync($"/ledger/accounts/{id}/entries?limit=0")).ShouldFail(400, "VAL_001", "limit");
        (await host.Api.GetAsync("/ledger/accounts?cursor=x")).ShouldFail(400, "VAL_001", "cursor");
    }

    [Fact]
    public async Task The_trial_balance_is_of_now_or_as_of_an_instant_and_its_sums_are_equal()
    {
        await PostAsync();
        (await host.Api.GetAsync("/ledger/trial-balance?as_of=2001-01-31T23:59:59.999999Z")).Ok().GetProperty("accounts").GetArrayLength().ShouldBe(0);

        var issued = (await host.Api.GetAsync("/ledger/trial-balance?as_of=2001-02-01T00:00:00Z")).Ok();
        issued.GetProperty("as_of").GetString().ShouldBe("2001-02-01T00:00:00Z");
        issued.GetProperty("accounts").EnumerateArray().Select(line => line.GetProperty("account").GetString())
            .ShouldBe(["deferred_revenue/USD/2", "receivable/USD/2", "revenue/USD/2", "tax_payable/USD/2"]);

        foreach (var trial in new[] { issued, (await host.Api.GetAsync("/ledger/trial-balance")).Ok() })
        {
            foreach (var total in trial.GetProperty("totals").EnumerateArray())
            {
                var lines = trial.GetProperty("accounts").EnumerateArray().Where(line => line.GetProperty("currency").GetString() == total.GetProperty("currency").GetString()).ToList();
                total.GetProperty("debits").GetDecimal().ShouldBe(total.GetProperty("credits").GetDecimal());
                lines.Sum(line => line.GetProperty("debits").GetDecimal()).ShouldBe(total.GetProperty("debits").GetDecimal());
                lines.Sum(line => line.GetProperty("credits").GetDecimal()).ShouldBe(total.GetProperty("credits").GetDecimal());
            }
        }
    }

    [Fact]
    public async Task Receivables_are_listed_by_age()
    {
        var customer = await _seed.CustomerAsync("KWD");
        await IssueAsync(customer, "7.125");
        var receivables = (await host.Api.GetAsync("/analytics/receivables")).Ok();
        var line = receivables.GetProperty("customers").EnumerateArray().Single(item => item.GetProperty("customer_id").GetString() == Seed.Id(customer));
        line.GetProperty("total").GetDecimal().ShouldBe(7.125m);
        line.GetProperty("ages").EnumerateArray().Select(age => age.GetProperty("amount").GetDecimal()).ShouldBe([7.125m, 0, 0, 0, 0]);
        foreach (var total in receivables.GetProperty("totals").EnumerateArray())
        {
            receivables.GetProperty("customers").EnumerateArray().Where(item => item.GetProperty("currency").GetString() == total.GetProperty("currency").GetString())
                .Sum(item => item.GetProperty("total").GetDecimal()).ShouldBe(total.GetProperty("total").GetDecimal());
        }

        (await host.Nobody.GetAsync("/analytics/receivables")).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_refused()
    {
        (await host.Api.GetAsync("/ledger/accounts?customer_id=nobody")).ShouldFail(404, "RES_001");
        (await host.Api.GetAsync("/ledger/accounts?kind=cash")).ShouldFail(400, "VAL_001", "kind");
        (await host.Api.GetAsync("/ledger/trial-balance?as_of=today")).ShouldFail(400, "VAL_001", "as_of");
        (await host.Api.GetAsync("/ledger/trial-balance?asof=2026-01-01T00:00:00Z")).ShouldFail(400, "VAL_001", "asof");
        (await host.Api.GetAsync($"/ledger/accounts/{EntityId.New<AccountId>()}/entries")).ShouldFail(404, "RES_001");
        (await host.Api.GetAsync("/ledger/accounts/nonsense/entries")).ShouldFail(404, "RES_001");
        (await host.Nobody.GetAsync("/ledger/trial-balance")).ShouldFail(401, "AUTH_001");
    }

    private async Task<(string Customer, string Invoice)> PostAsync()
    {
        var tenant = EntityId.Parse<TenantId>((await host.Api.GetAsync("/auth/me")).Ok().GetProperty("tenant_id").GetString()!);
        var (customer, invoice) = (EntityId.Parse<CustomerId>(Seed.Id(await _seed.CustomerAsync())), EntityId.New<InvoiceId>());
        var transfers = Postings.InvoiceIssued(new InvoiceAmounts(tenant, invoice, customer, Money.Of(80m, Usd), Money.Of(20m, Usd), Money.Of(19m, Usd)), At)
            .AddRange(Postings.PaymentReceived(tenant, EntityId.New<PaymentId>(), Postings.External, customer, Money.Of(50.25m, Usd), At + Duration.FromDays(1)));
        await host.Services.GetRequiredService<ILedger>().PostAsync(tenant, transfers, Token);
        return (customer.ToString(), invoice.ToString());
    }

    private async Task<string> IssueAsync(JsonElement customer, string amount)
    {
        var lines = new[] { new { description = "Work", unit_amount = amount } };
        var draft = (await host.Api.PostAsync("/invoicing/invoices", new { customer_id = Seed.Id(customer), currency = "KWD", lines })).Ok(201);
        return Seed.Id((await host.Api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/issue")).Ok());
    }

    private async Task CountAsync(string path, int expected)
    {
        var (seen, cursor) = (new HashSet<string>(), "");
        for (string? next = ""; next is not null;)
        {
            var page = await host.Api.GetAsync(path + cursor);
            page.Ok().EnumerateArray().ShouldAllBe(item => seen.Add(item.GetProperty("id").GetString()!));
            next = page.Envelope.GetProperty("page").GetProperty("next_cursor").GetString();
            cursor = $"&cursor={next}";
        }

        seen.Count.ShouldBe(expected);
    }

    private static IEnumerable<string> Text(JsonElement item, params string[] fields) => fields.Select(field => item.GetProperty(field).ToString());
}
