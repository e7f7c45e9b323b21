using NodaTime;

namespace BillApis.Identity;

/// <summary>Forgets some of a tenant's answers from before an instant, and says how many; see <see cref="StoredAnswer"/>.</summary>
internal delegate Task<int> ForgetAnswers(TenantId tenant, Instant before, int most, CancellationToken cancellationToken);
