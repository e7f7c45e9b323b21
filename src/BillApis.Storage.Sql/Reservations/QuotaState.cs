using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>How a quota stands, and when the next of its reservations may expire.</summary>
internal readonly record struct QuotaState(QuotaCount Count, Instant? NextExpiry);
