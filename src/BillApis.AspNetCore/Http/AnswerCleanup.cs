using BillApis.Identity;
using BillApis.Workers;

namespace BillApis.AspNetCore;

/// <summary>Forgets answers that are kept for repeats no longer.</summary>
internal static class AnswerCleanup
{
    private const int BatchSize = 1_000;

    public static BillingJob Job(Tenants tenants, ForgetAnswers forget) => new("stored answers", async token =>
    {
        await foreach (var tenant in tenants.AllAsync(token).ConfigureAwait(false))
        {
            while (await forget(tenant, RealTime.Now - Limits.AnswersKept, BatchSize, token).ConfigureAwait(false) == BatchSize)
            {
            }
        }
    });
}
