//! The macro that writes one query for both databases.

/// Expands one Diesel query for both databases and awaits it on PostgreSQL: `on!(conn, c => query.load(c))`.
#[macro_export]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($c) => {
                #[allow(unused_imports)]
                use ::diesel::RunQueryDsl as _;
                $query
            }
            $crate::store::Conn::Pg($c) => {
                #[allow(unused_imports)]
                use ::diesel_async::RunQueryDsl as _;
                $query.await
            }
        }
    };
}
