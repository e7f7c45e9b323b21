using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>Reports on the books: statements of accounts, and when what was invoiced in advance is earned.</summary>
public sealed class Statements(ILedger ledger, Books books, IRevenueScheduleStore schedules)
{
    /// <summary>What moved an account in a span of time, by the time of business, with the balance before, after each movement and at the end.</summary>
    /// <param name="tenant">Whose books they are.</param>
    /// <param name="reference">The id of the account, or its code.</param>
    /// <param name="period">The half-open span.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">The tenant has no such account.</exception>
    public async Task<AccountStatement> OfAccountAsync(TenantId tenant, string reference, Interval period, CancellationToken cancellationToken = default)
    {
        var account = await books.AccountAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        var before = await ledger.BalancesAsync(tenant, [account.IdIn(tenant)], period.Start - Duration.FromTicks(10), cancellationToken).ConfigureAwait(false);
        var opening = before.SingleOrDefault()?.Net ?? 0;
        var (balance, lines) = (opening, ImmutableArray.CreateBuilder<StatementLine>());
        foreach (var entry in (await EntriesAsync(tenant, account, period, cancellationToken).ConfigureAwait(false)).OrderBy(entry => entry.Transfer.At).ThenBy(entry => entry.Transfer.Kind))
        {
            balance += entry.Side == ChartOfAccounts.NormalSideOf(account.Kind) ? entry.Transfer.Amount : -entry.Transfer.Amount;
            lines.Add(new StatementLine(entry, balance));
        }

        return new AccountStatement(account, period, opening, lines.ToImmutable(), balance);
    }

    /// <summary>Month by month, what was invoiced in advance and is earned by days.</summary>
    /// <param name="tenant">Whose books they are.</param>
    /// <param name="period">The span; every UTC month that has a part in it is answered.</param>
    /// <param name="customer">Only what this customer was invoiced; null for all.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">The span has more months than <see cref="Limits.PageSize"/>.</exception>
    public async Task<IReadOnlyList<RevenueMonth>> RevenueAsync(TenantId tenant, Interval period, CustomerId? customer = null, CancellationToken cancellationToken = default)
    {
        var months = new List<Interval>();
        for (var month = QuotaWindow.Month(DateTimeZone.Utc, period.Start); month.Start < period.End; month = QuotaWindow.Month(DateTimeZone.Utc, month.End))
        {
            months.Add(months.Count < Limits.PageSize ? month : throw BillingException.Field("to", $"must be at most {Limits.PageSize} months after from"));
        }

        var sums = new SortedDictionary<(string Currency, int Month), (Money Earned, Money Deferred)>();
        await foreach (var schedule in schedules.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", customer?.ToString()), cancellationToken).ConfigureAwait(false))
        {
            Add(sums, months, schedule);
        }

        return [.. sums.Select(item => new RevenueMonth(months[item.Key.Month], item.Value.Earned.Currency, item.Value.Earned, item.Value.Deferred))];
    }

    private static void Add(SortedDictionary<(string Currency, int Month), (Money Earned, Money Deferred)> sums, List<Interval> months, RevenueSchedule schedule)
    {
        var (days, none) = (schedule.Days(), Money.Zero(schedule.Amount.Currency));
        for (var i = 0; i < months.Count; i++)
        {
            var (start, end) = (months[i].Start, months[i].End);
            var earned = days.Where(day => day.End > start && day.End <= end).Aggregate(none, (sum, day) => sum + day.Amount);
            var deferred = schedule.CreatedAt < end ? days.Where(day => day.End > end).Aggregate(none, (sum, day) => sum + day.Amount) : none;
            var (before, left) = sums.GetValueOrDefault((schedule.Amount.Currency.Code, i), (none, none));
            sums[(schedule.Amount.Currency.Code, i)] = (before + earned, left + deferred);
        }
    }

    private async Task<List<Entry>> EntriesAsync(TenantId tenant, Account account, Interval period, CancellationToken cancellationToken)
    {
        var found = new List<Entry>();
        for (var query = new StoreQuery { Limit = Limits.PageSize }; ;)
        {
            var page = await books.EntriesAsync(tenant, account, query, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.Items.Where(entry => period.Contains(entry.Transfer.At) && entry.Transfer.Step is TransferStep.Immediate or TransferStep.Post));
            if (page.Next is null)
            {
                found.Reverse();
                return found;
            }

            query = query with { After = page.Next };
        }
    }
}
